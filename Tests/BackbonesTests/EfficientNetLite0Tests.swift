import Backbones
import Checkpoints
import Compute
import Foundation
import Tensors
import TestSupport
import Testing

@Suite(
  "EfficientNet-Lite0 against PyTorch's values", .enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
struct EfficientNetLite0Tests {
  /// Of the logits' scale, 7.6; other convolution algorithms differ by 1e-6.
  private let tolerance = 1e-4

  @Test(arguments: TestDevice.all, [224, 256])
  func logitsAndBlocksEqualTheReference(_ tested: TestDevice, size: Int) throws {
    let network = try BackboneKind.efficientNetLite0.network(
      openTensorFile(#require(RealWeights.efficientNetLite0)), on: tested.device)
    let reference = try Reference(size)
    let input = try syntheticInput(height: size, width: size, on: tested.device)
    var logits: [Float] = []
    var seen = 0
    try network.trace(input) { name, output in
      guard name != "logits" else {
        logits = try output.values()
        return
      }
      seen += 1
      try reference.layers.expect(name, output, tolerance: tolerance)
    }
    #expect(seen == 18)
    #expect(logits.count == 1000)
    for (found, expected) in zip(logits, reference.firstLogits) {
      #expect(abs(Double(found) - expected) / 7.6 <= tolerance)
    }
    #expect(abs(logits.reduce(0) { $0 + Double($1) } - reference.logitSum) / 7.6 <= 1000 * tolerance)
    #expect(logits.indices.max { logits[$0] < logits[$1] } == reference.largestClass)
  }

  @Test func tapsHaveTheirStridesAndChannels() throws {
    let tested = try #require(TestDevice.all.first)
    let network = try BackboneKind.efficientNetLite0.network(
      openTensorFile(#require(RealWeights.efficientNetLite0)), on: tested.device)
    let maps = try network.features(syntheticInput(height: 64, width: 64, on: tested.device), strides: [32, 8, 4, 16])
    #expect(maps.map(\.shape) == [[1, 2, 2, 320], [1, 8, 8, 40], [1, 16, 16, 24], [1, 4, 4, 112]])
    #expect(throws: ShapeError.self) {
      try network.features(syntheticInput(height: 64, width: 64, on: tested.device), strides: [2])
    }
  }
}

/// The values that PyTorch gave; see PROVENANCE.md.
private struct Reference {
  let firstLogits: [Double]
  let logitSum: Double
  let largestClass: Int
  let layers: NetworkReference

  init(_ size: Int) throws {
    let file = try Fixtures.json("efficientnet-lite0-reference.json")
    let networks = try #require(file["efficientnet_lite0"] as? [String: Any])
    let values = try #require(networks["\(size)"] as? [String: Any])
    firstLogits = try #require(values["logits_first8"] as? [Double])
    logitSum = try #require(values["logits_sum"] as? Double)
    largestClass = try #require(values["argmax"] as? Int)
    layers = try NetworkReference(#require(values["taps"] as? [String: Any]))
  }
}
