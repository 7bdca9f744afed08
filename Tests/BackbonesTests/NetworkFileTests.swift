import Backbones
import Checkpoints
import TestSupport
import Testing

/// Files of networks as `torch.save` writes them, and what PyTorch computed with them: see `make_network_file_fixtures.py`.
@Suite("Weights files of torchvision's networks")
struct NetworkFileTests {
  /// Of a layer's largest value, as for random weights.
  private let tolerance = 1e-5

  static let files = [
    "resnet18.legacy.pth", "resnet18.zip.pth", "wide-resnet50-2.legacy.pth", "wide-resnet50-2.zip.pth",
    "vgg16.legacy.pth",
  ]
  #if DEBUG
    // Folding the 69 million weights of the other takes a minute without optimisation; its names are checked all the same.
    private static let computed = files.filter { !$0.hasPrefix("wide") }
  #else
    private static let computed = files
  #endif

  static func open(_ name: String) throws -> any TensorFile {
    try StridedTensor.$expandsFreely.withValue(true) { try openTensorFile(Fixtures.path("networks/\(name)")) }
  }

  private static func entry(_ name: String) throws -> (kind: BackboneKind, layers: [String: Any]) {
    let file = try #require(Fixtures.json("networks.json")["files"] as? [String: Any])
    let entry = try #require(file[name] as? [String: Any])
    let kind = try #require((entry["kind"] as? String).flatMap(BackboneKind.init))
    return (kind, try #require(entry["layers"] as? [String: Any]))
  }

  @Test(arguments: TestDevice.oneOfEachKind, computed)
  func layersEqualPyTorchs(_ tested: TestDevice, _ name: String) throws {
    let (kind, layers) = try Self.entry(name)
    let reference = try NetworkReference(layers)
    let file = try Fixtures.json("networks.json")
    let network = try kind.network(Self.open(name), on: tested.device)
    let input = try syntheticInput(
      height: #require(file["height"] as? Int), width: #require(file["width"] as? Int), on: tested.device)
    var seen = 0
    try network.trace(input) { name, output in
      seen += 1
      try reference.expect(name, output, tolerance: tolerance)
    }
    #expect(seen == reference.count)
  }

  /// Each file passes as its own network, as no other one, and is recognised as such.
  @Test(arguments: files, BackboneKind.allCases)
  func filesBelongToTheirNetworkOnly(_ name: String, _ kind: BackboneKind) throws {
    let file = try Self.open(name)
    let own = try Self.entry(name).kind
    #expect(KnownWeights.recognised(file) == [own.weights])
    if kind == own {
      try kind.check(file)
    } else {
      let mismatch = #expect(throws: NetworkMismatch.self) { try kind.check(file) }
      // Wide-ResNet-50-2 has every name of ResNet-18, in other shapes.
      #expect(mismatch.map { !$0.missing.isEmpty || !$0.wrongShapes.isEmpty } == true)
    }
  }
}

@Suite("Names and shapes of a network's file")
struct NetworkMismatchTests {
  private static let counter = "layer2.0.bn1.num_batches_tracked"

  private static func resNet(_ change: (inout [String: String], inout [String: [Int]]) -> Void) throws -> EditedFile {
    try EditedFile(NetworkFileTests.open("resnet18.legacy.pth"), change)
  }

  @Test func everyFaultIsNamedAtOnce() throws {
    let file = try Self.resNet { names, shapes in
      names["layer1.0.conv1.weight"] = nil
      names["bn1.running_var"] = nil
      names["layer9.weight"] = "conv1.weight"
      shapes["layer3.0.downsample.0.weight"] = [256, 128]
    }
    let mismatch = #expect(throws: NetworkMismatch.self) { try BackboneKind.resNet18.check(file) }
    #expect(mismatch?.missing == ["bn1.running_var", "layer1.0.conv1.weight"])
    #expect(mismatch?.unexpected == ["layer9.weight"])
    #expect(
      mismatch?.wrongShapes
        == [.init(name: "layer3.0.downsample.0.weight", expected: [256, 128, 1, 1], found: [256, 128])])
    #expect(
      mismatch?.description
        == """
        edited is no file of ResNet-18: it lacks bn1.running_var, layer1.0.conv1.weight; it has the unexpected \
        layer9.weight; of other shapes: layer3.0.downsample.0.weight is [256, 128] instead of [256, 128, 1, 1].
        """)
    #expect(throws: NetworkMismatch.self) {
      try BackboneKind.resNet18.network(file, on: #require(TestDevice.all.first).device)
    }
  }

  @Test func countersAndClassifiersMayBeMissing() throws {
    try BackboneKind.resNet18.check(
      Self.resNet { names, _ in names = names.filter { !$0.key.hasSuffix("num_batches_tracked") } })
    try BackboneKind.resNet18.check(Self.resNet { names, _ in names = names.filter { !$0.key.hasPrefix("fc.") } })
    // A classifier of another data set.
    try BackboneKind.resNet18.check(Self.resNet { _, shapes in shapes["fc.weight"] = [10, 512] })
  }

  @Test func countersOfUnknownNormalisationsAreUnexpected() throws {
    let file = try Self.resNet { names, _ in names["layer2.0.bn7.num_batches_tracked"] = Self.counter }
    let mismatch = #expect(throws: NetworkMismatch.self) { try BackboneKind.resNet18.check(file) }
    #expect(mismatch?.unexpected == ["layer2.0.bn7.num_batches_tracked"])
  }

  @Test func manyFaultsArePrintedInPart() throws {
    let mismatch = #expect(throws: NetworkMismatch.self) {
      try BackboneKind.wideResNet50x2.check(NetworkFileTests.open("resnet18.legacy.pth"))
    }
    #expect(mismatch?.description.contains(" more; of other shapes: ") == true)
    #expect((mismatch?.missing.count ?? 0) > 150)
  }
}

/// A file with other names and shapes than the one it reads from.
struct EditedFile: TensorFile {
  let path = "edited"
  let names: [String]
  private let file: any TensorFile
  /// The file's own name of each tensor.
  private let sources: [String: String]
  private let shapes: [String: [Int]]

  init(
    _ file: any TensorFile, _ change: (_ sources: inout [String: String], _ shapes: inout [String: [Int]]) -> Void
  ) {
    self.file = file
    var sources = Dictionary(uniqueKeysWithValues: file.names.map { ($0, $0) })
    var shapes: [String: [Int]] = [:]
    change(&sources, &shapes)
    self.sources = sources
    self.shapes = shapes
    names = sources.keys.sorted()
  }

  func shape(of name: String) throws(CheckpointError) -> [Int] {
    guard let source = sources[name] else { throw .missing(path: path, name: name) }
    if let shape = shapes[name] { return shape }
    return try file.shape(of: source)
  }

  func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    guard let source = sources[name] else { throw .missing(path: path, name: name) }
    return try file.tensor(named: source)
  }
}
