import Backbones
import Checkpoints
import Compute
import Detectors
import Tensors
import TestSupport
import Testing

/// Against descriptors that PyTorch made with torchvision's networks: see `make_network_file_fixtures.py`.
@Suite("Patch descriptors against PyTorch's")
struct DescriptorTests {
  /// Of the largest value; rounding gives 1e-6.
  private let tolerance = 1e-4

  private struct Sample {
    let shape: [Int]
    let mean, largest: Double
    let rowStep, columnStep: Int
    let values: [Double]

    init(_ json: [String: Any]) throws {
      shape = try #require(json["shape"] as? [Int])
      mean = try #require(json["mean"] as? Double)
      largest = try #require(json["absmax"] as? Double)
      rowStep = try #require(json["rows"] as? Int)
      columnStep = try #require(json["columns"] as? Int)
      values = try #require(json["values"] as? [Double])
    }
  }

  private func compare(
    _ kind: BackboneKind, _ file: any TensorFile, group: String, entry: String, on tested: TestDevice
  ) throws {
    let json = try Fixtures.json("networks.json")
    let size = try #require(json["size"] as? Int)
    let found = try #require((json[group] as? [String: Any])?[entry] as? [String: Any])
    let samples = try #require(found["descriptors"] as? [[String: Any]]).map(Sample.init)
    #expect(samples.count == 2)
    let extractor = DescriptorExtractor(try kind.network(file, on: tested.device), size: size, strides: [8, 16])
    for (number, sample) in samples.enumerated() {
      let rows = try extractor.descriptors(
        of: NetworkPicture(size: size, values: patternPicture(number, size: size)))
      #expect(rows.shape.extents == sample.shape)
      let values = try rows.values()
      func expectNear(_ found: Double, _ expected: Double) {
        #expect(abs(found - expected) <= tolerance * sample.largest)
      }
      expectNear(values.reduce(0) { $0 + Double($1) } / Double(values.count), sample.mean)
      let places = stride(from: 0, to: sample.shape[0], by: sample.rowStep).flatMap { row in
        stride(from: 0, to: sample.shape[1], by: sample.columnStep).map { row * sample.shape[1] + $0 }
      }
      #expect(places.count == sample.values.count)
      for (place, expected) in zip(places, sample.values) { expectNear(Double(values[place]), expected) }
    }
  }

  #if DEBUG
    // Folding the 69 million weights of the other takes a minute without optimisation.
    private static let networks = [BackboneKind.resNet18]
  #else
    private static let networks = [BackboneKind.resNet18, .wideResNet50x2]
  #endif

  @Test(arguments: TestDevice.all, networks)
  func randomWeightsGivePyTorchsDescriptors(_ tested: TestDevice, _ kind: BackboneKind) throws {
    try compare(kind, RandomWeights(seed: 1), group: "random", entry: kind.rawValue, on: tested)
  }

  @Test(arguments: TestDevice.all, networks)
  func filesGivePyTorchsDescriptors(_ tested: TestDevice, _ kind: BackboneKind) throws {
    let name = "\(kind.rawValue).legacy.pth"
    let file = try StridedTensor.$expandsFreely.withValue(true) {
      try openTensorFile(Fixtures.path("networks/\(name)"))
    }
    try compare(kind, file, group: "files", entry: name, on: tested)
  }
}
