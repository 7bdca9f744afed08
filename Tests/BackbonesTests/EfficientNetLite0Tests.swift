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
    let network = try EfficientNetLite0(
      openTensorFile(#require(RealWeights.efficientNetLite0)), on: tested.device)
    let reference = try Reference(size)
    let input = try syntheticInput(size, on: tested.device)
    let logits = try network.logits(input).values()
    for (found, expected) in zip(logits, reference.firstLogits) {
      #expect(abs(Double(found) - expected) / 7.6 <= tolerance)
    }
    #expect(abs(logits.reduce(0) { $0 + Double($1) } - reference.logitSum) / 7.6 <= 1000 * tolerance)
    #expect(logits.indices.max { logits[$0] < logits[$1] } == reference.largestClass)

    var seen = 0
    try network.trace(input) { layer, output in
      seen += 1
      let name =
        switch layer {
        case .stem: "stem"
        case .block(let index): "block\(index)"
        case .head: "head"
        }
      let tap = try #require(reference.taps[name])
      let values = try output.values()
      let channels = output.shape[3]
      #expect([channels, output.shape[1], output.shape[2]] == tap.shape)
      let mean = values.reduce(0) { $0 + Double($1) } / Double(values.count)
      let largest = Double(values.map(abs).max() ?? .nan)
      #expect(abs(mean - tap.mean) / tap.largest <= tolerance, "\(name)")
      #expect(abs(largest - tap.largest) / tap.largest <= tolerance, "\(name)")
      // The reference lists the first row of channel 0 of an NCHW tensor.
      for (column, expected) in tap.first.enumerated() {
        #expect(abs(Double(values[column * channels]) - expected) / tap.largest <= tolerance, "\(name)")
      }
    }
    #expect(seen == 18)
  }

  @Test func tapsHaveTheirStridesAndChannels() throws {
    let tested = try #require(TestDevice.all.first)
    let network = try EfficientNetLite0(
      openTensorFile(#require(RealWeights.efficientNetLite0)), on: tested.device)
    let maps = try network.features(syntheticInput(64, on: tested.device), strides: [32, 8, 4, 16])
    #expect(maps.map(\.shape) == [[1, 2, 2, 320], [1, 8, 8, 40], [1, 16, 16, 24], [1, 4, 4, 112]])
    #expect(throws: ShapeError.self) { try network.features(syntheticInput(64, on: tested.device), strides: [2]) }
  }

  /// x[y][x][c] = (((7919c + 131y + 17x) mod 255) − 127) / 128
  private func syntheticInput(_ size: Int, on device: any Device) throws -> Tensor {
    var values: [Float] = []
    for y in 0..<size {
      for x in 0..<size {
        for c in 0..<3 { values.append(Float((c * 7919 + y * 131 + x * 17) % 255 - 127) / 128) }
      }
    }
    return try Tensor(values, shape: [1, size, size, 3], on: device)
  }
}

/// The values that PyTorch gave; see PROVENANCE.md.
private struct Reference {
  struct Tap {
    let shape: [Int]
    let mean, largest: Double
    let first: [Double]
  }

  let firstLogits: [Double]
  let logitSum: Double
  let largestClass: Int
  let taps: [String: Tap]

  init(_ size: Int) throws {
    let file = try Fixtures.json("efficientnet-lite0-reference.json")
    let networks = try #require(file["efficientnet_lite0"] as? [String: Any])
    let values = try #require(networks["\(size)"] as? [String: Any])
    firstLogits = try #require(values["logits_first8"] as? [Double])
    logitSum = try #require(values["logits_sum"] as? Double)
    largestClass = try #require(values["argmax"] as? Int)
    taps = try #require(values["taps"] as? [String: [String: Any]]).mapValues { tap in
      Tap(
        shape: try #require(tap["shape"] as? [Int]), mean: try #require(tap["mean"] as? Double),
        largest: try #require(tap["absmax"] as? Double), first: try #require(tap["first4"] as? [Double]))
    }
  }
}
