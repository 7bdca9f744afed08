import Backbones
import Checkpoints
import Compute
import Tensors
import TestSupport
import Testing

@Suite("Residual networks against torchvision's values")
struct ResNetTests {
  /// Of a layer's largest value. Rounding gives 1e-6, most of it from Winograd's filtering.
  private let tolerance = 1e-5

  #if DEBUG
    // Making and folding the 69 million weights of the other takes a minute without optimisation.
    private static let networks = [BackboneKind.resNet18]
  #else
    private static let networks = [BackboneKind.resNet18, .wideResNet50x2]
  #endif

  @Test(arguments: TestDevice.oneOfEachKind, networks)
  func layersEqualTheReference(_ tested: TestDevice, _ kind: BackboneKind) throws {
    let file = try Fixtures.json("resnet-reference.json")
    let reference = try NetworkReference(#require(file[kind.rawValue] as? [String: Any]))
    let network = try kind.network(RandomWeights(seed: 1), on: tested.device)
    let input = try syntheticInput(
      height: #require(file["height"] as? Int), width: #require(file["width"] as? Int), on: tested.device)
    var seen = 0
    try network.trace(input) { name, output in
      seen += 1
      try reference.expect(name, output, tolerance: tolerance)
    }
    #expect(seen == reference.count)
  }

  @Test(arguments: networks)
  func featuresAreTheLastBlocksOfTheirLayers(_ kind: BackboneKind) throws {
    let channels = kind == .resNet18 ? 64 : 256
    let device = try #require(TestDevice.all.first).device
    let network = try kind.network(RandomWeights(seed: 1), on: device)
    let input = try syntheticInput(height: 32, width: 32, on: device)
    var last: [Int: Tensor] = [:]
    try network.trace(input) { name, output in last[32 / output.shape[1]] = name == "stem" ? nil : output }
    let maps = try network.features(input, strides: [16, 4, 8, 32])
    for (map, (stride, factor)) in zip(maps, [(16, 4), (4, 1), (8, 2), (32, 8)]) {
      #expect(map.shape == [1, 32 / stride, 32 / stride, channels * factor])
      #expect(try map.values() == last[stride]?.values())
    }
    #expect(network.taps.map(\.channels) == [1, 2, 4, 8].map { channels * $0 })
    #expect(throws: ShapeError.self) { try network.features(input, strides: [2]) }
  }
}

@Suite("Random weights")
struct RandomWeightsTests {
  @Test func valuesDependOnSeedNameAndIndexOnly() throws {
    let weights = try RandomWeights(seed: 1).tensor(named: "conv1.weight", shape: [64, 3, 7, 7]).values
    #expect(try RandomWeights(seed: 1).tensor(named: "conv1.weight", shape: [64, 3, 7, 7]).values == weights)
    #expect(try RandomWeights(seed: 2).tensor(named: "conv1.weight", shape: [64, 3, 7, 7]).values != weights)
    #expect(try RandomWeights(seed: 1).tensor(named: "conv2.weight", shape: [64, 3, 7, 7]).values != weights)
    // He's variance.
    let mean = weights.reduce(0) { $0 + Double($1) } / Double(weights.count)
    let variance = weights.reduce(0) { $0 + Double($1) * Double($1) } / Double(weights.count)
    #expect(abs(mean) <= 0.001)
    #expect(abs(variance * 64 * 49 / 2 - 1) <= 0.05)
  }

  @Test func theSeedIsReadFromText() {
    #expect(RandomWeights.seed(parsing: "random:18446744073709551615") == .max)
    for text in ["random", "random:", "random:-1", "random:x", "Random:1", "/a/random:1"] {
      #expect(RandomWeights.seed(parsing: text) == nil)
    }
  }
}
