import Backbones
import Checkpoints
import Compute
import Tensors
import TestSupport
import Testing

@Suite("LPIPS against its package's values")
struct LPIPSTests {
  /// Relative: rounding gives some 1e-6.
  private let tolerance = 1e-5
  private static let pairs = [(0, 1), (1, 2), (0, 0)]

  private static func expected(_ trunk: String, _ heads: String) throws -> [Double] {
    let all = try #require(Fixtures.json("networks.json")["lpips"] as? [String: Any])
    return try #require((all[trunk] as? [String: Any])?[heads] as? [Double])
  }

  /// The fixture's pictures carried to −1…1, one a batch entry.
  private static func pictures(_ numbers: [Int], on device: any Device) throws -> Tensor {
    let values = numbers.flatMap { patternPicture($0, size: 40, width: 33).map { $0 / 127.5 - 1 } }
    return try Tensor(values, shape: [numbers.count, 40, 33, 3], on: device)
  }

  private func expectDistances(
    _ trunk: any TensorFile, _ heads: any TensorFile, _ expected: [Double], on device: any Device
  ) throws {
    let network = try BackboneKind.vgg16.network(trunk, on: device)
    let lpips = try LPIPS(trunk: network, heads: heads)
    let found = try lpips.distances(
      Self.pictures(Self.pairs.map(\.0), on: device), Self.pictures(Self.pairs.map(\.1), on: device))
    #expect(found.shape == [3])
    #expect(expected.count == 3)
    for (found, expected) in zip(try found.values(), expected) {
      #expect(abs(Double(found) - expected) <= tolerance * expected)
    }
  }

  @Test(arguments: TestDevice.all)
  func distancesEqualThePackages(_ tested: TestDevice) throws {
    try expectDistances(
      NetworkFileTests.open("vgg16.legacy.pth"), FormulaHeads(), Self.expected("vgg16.legacy.pth", "formula"),
      on: tested.device)
  }

  @Test func randomWeightsAreThoseOfTheScript() throws {
    let device = try #require(TestDevice.all.first).device
    try expectDistances(RandomWeights(seed: 1), FormulaHeads(), Self.expected("random", "formula"), on: device)
    let file = try Fixtures.json("networks.json")
    let random = try #require((file["random"] as? [String: Any])?["vgg16"] as? [String: Any])
    let reference = try NetworkReference(#require(random["layers"] as? [String: Any]))
    let network = try BackboneKind.vgg16.network(RandomWeights(seed: 1), on: device)
    var seen = 0
    try network.trace(syntheticInput(height: 64, width: 48, on: device)) { name, output in
      seen += 1
      try reference.expect(name, output, tolerance: tolerance)
    }
    #expect(seen == 13 && seen == reference.count)
  }

  @Test(.enabled(if: RealWeights.lpipsHeads != nil, "weights: \(RealWeights.lpipsReason)"), arguments: TestDevice.all)
  func thePackagesOwnHeadsGiveItsDistances(_ tested: TestDevice) throws {
    try expectDistances(
      NetworkFileTests.open("vgg16.legacy.pth"), openTensorFile(#require(RealWeights.lpipsHeads)),
      Self.expected("vgg16.legacy.pth", "package"), on: tested.device)
  }

  /// The package's own module, and a model that was trained with it, have trunk and heads in one file.
  @Test(arguments: ["", "loss.perceptual_loss."])
  func trunkAndHeadsAreFoundUnderLPIPSNames(_ prefix: String) throws {
    let vgg = try NetworkFileTests.open("vgg16.legacy.pth")
    let stages = [(0...3, 1), (4...8, 2), (9...15, 3), (16...22, 4), (23...29, 5)]
    let file = EditedFile(vgg) { sources, shapes in
      let own = sources
      sources = [:]
      for name in own.keys where name.hasPrefix("features.") {
        let rest = String(name.dropFirst("features.".count))
        let index = Int(rest.prefix { $0.isNumber }) ?? -1
        let stage = stages.first { $0.0.contains(index) }?.1 ?? 0
        sources["\(prefix)net.slice\(stage).\(rest)"] = name
      }
      for (index, channels) in FormulaHeads.channels.enumerated() {
        sources["\(prefix)lin\(index).model.1.weight"] = "features.0.bias"
        shapes["\(prefix)lin\(index).model.1.weight"] = [1, channels, 1, 1]
      }
      if prefix.isEmpty {
        sources["scaling_layer.shift"] = "features.0.bias"
        sources["lins.0.model.1.weight"] = "features.0.bias"
      } else {
        sources["encoder.conv_in.weight"] = "features.0.weight"
      }
    }
    try BackboneKind.vgg16.check(file)
    #expect(try LPIPS.check(file).first == "\(prefix)lin0.model.1.weight")
    #expect(KnownWeights.recognised(file) == [.vgg16, .lpipsHeads])
    let device = try #require(TestDevice.all.first).device
    try expectDistances(file, FormulaHeads(), Self.expected("vgg16.legacy.pth", "formula"), on: device)
    let broken = EditedFile(file) { sources, _ in
      sources["\(prefix)net.slice5.28.bias"] = nil
      sources["\(prefix)net.slice6.30.bias"] = "\(prefix)net.slice5.26.bias"
    }
    let mismatch = #expect(throws: NetworkMismatch.self) { try BackboneKind.vgg16.check(broken) }
    #expect(mismatch?.missing == ["\(prefix)net.slice5.28.bias"])
    #expect(mismatch?.unexpected == ["\(prefix)net.slice6.30.bias"])
  }

  @Test func headsAreCheckedByNameAndShape() throws {
    let file = EditedFile(FormulaHeads()) { sources, shapes in
      sources["lin3.model.1.weight"] = nil
      sources["lin5.model.1.weight"] = "lin4.model.1.weight"
      shapes["lin1.model.1.weight"] = [1, 192, 1, 1]
    }
    let mismatch = #expect(throws: NetworkMismatch.self) { try LPIPS.check(file) }
    #expect(mismatch?.missing == ["lin3.model.1.weight"])
    #expect(mismatch?.unexpected == ["lin5.model.1.weight"])
    #expect(mismatch?.wrongShapes.map(\.name) == ["lin1.model.1.weight"])
  }

  @Test func picturesOfDifferentShapesThrow() throws {
    let device = try #require(TestDevice.all.first).device
    let lpips = try LPIPS(
      trunk: BackboneKind.vgg16.network(NetworkFileTests.open("vgg16.legacy.pth"), on: device), heads: FormulaHeads())
    let x = try Self.pictures([0], on: device)
    #expect(throws: ShapeError.self) { try lpips.distances(x, Self.pictures([0, 1], on: device)) }
    let small = try Tensor([Float](repeating: 0, count: 15 * 15 * 3), shape: [1, 15, 15, 3], on: device)
    #expect(throws: ShapeError.self) { try lpips.distances(small, small) }
  }
}

/// Heads by the fixture's formula, ((7c mod 11) + 1) / 100.
private struct FormulaHeads: TensorFile {
  static let channels = [64, 128, 256, 512, 512]
  let path = "heads by formula"
  let names = channels.indices.map { "lin\($0).model.1.weight" }

  func shape(of name: String) throws(CheckpointError) -> [Int] {
    guard let index = names.firstIndex(of: name) else { throw .missing(path: path, name: name) }
    return [1, Self.channels[index], 1, 1]
  }

  func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let shape = try shape(of: name)
    return HostTensor(shape: shape, values: (0..<shape[1]).map { Float($0 * 7 % 11 + 1) / 100 })
  }
}
