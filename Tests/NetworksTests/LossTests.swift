import Checkpoints
import Compute
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Values and gradients of losses against PyTorch's in float64.
@Suite("Losses against PyTorch's")
struct LossTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let operands: [String]
    /// Of these gradients are taken.
    let trained: [String]
    let loss: @Sendable ([Tensor], Float) throws -> Tensor
    var testDescription: String { name }

    init(
      _ name: String, _ operands: [String], trained: [String]? = nil,
      _ loss: @escaping @Sendable ([Tensor], Float) throws -> Tensor
    ) {
      self.name = name
      self.operands = operands
      self.trained = trained ?? operands
      self.loss = loss
    }
  }

  static let cases: [Case] =
    [
      Case("softplus 1.0", ["x"]) { try $0[0].softPlus(beta: $1) },
      Case("softplus 0.5", ["x"]) { try $0[0].softPlus(beta: $1) },
      Case("log sigmoid", ["x"]) { x, _ in try x[0].logSigmoid() },
      Case("likelihood", ["l"]) { x, _ in try Loss.logSigmoidLikelihood(x[0]) },
      Case("binary", ["x", "t"], trained: ["x"]) { x, _ in try Loss.binaryCrossEntropy(logits: x[0], targets: x[1]) },
      Case("binary extremes", ["x", "t"], trained: ["x"]) { x, _ in
        try Loss.binaryCrossEntropy(logits: x[0], targets: x[1])
      },
      Case("discriminator", ["r", "f"]) { x, _ in try Loss.hingeDiscriminator(real: x[0], fake: x[1]) },
      Case("generator", ["f"]) { x, _ in try Loss.hingeGenerator(fake: x[0]) },
      Case("smooth 1.0", ["x", "y"]) { try Loss.smoothAbsolute($0[0], $0[1], beta: $1) },
      Case("smooth 0.25", ["x", "y"]) { try Loss.smoothAbsolute($0[0], $0[1], beta: $1) },
      Case("cosine", ["x", "y"]) { x, _ in try Loss.cosine(x[0], x[1]) },
    ]
    + ["perceptual", "perceptual zeros"].map { name in
      Case(name, ["x", "y", "w"], trained: ["x", "y"]) { x, _ in try Loss.perceptual(x[0], x[1], weights: x[2]) }
    }
    + ["hardest", "hardest half", "hardest all", "hardest one", "hardest signed"].map { name in
      // 0.999 as Float is another number.
      Case(name, ["d"]) { try Loss.hardest($0[0], quantile: $1 == 0.999 ? 0.999 : Double($1)) }
    }

  private static let file = try? SafetensorsFile(path: Fixtures.path("losses.safetensors"))
  private static let numbers =
    (try? JSONDecoder().decode([String: Float].self, from: Data((file?.metadata["numbers"] ?? "").utf8))) ?? [:]

  private func tensor(_ name: String, on device: any Device) throws -> Tensor {
    let found = try #require(Self.file).tensor(named: name)
    return try Tensor(found.values, shape: Shape(found.shape), on: device)
  }

  @Test(arguments: TestDevice.all, cases)
  func valuesAndGradientsAreThose(_ tested: TestDevice, _ found: Case) throws {
    let tape = Tape()
    let operands = try found.operands.map { name in
      let tensor = try tensor("\(found.name).\(name)", on: tested.device)
      return found.trained.contains(name) ? tape.watched(tensor) : tensor
    }
    let loss = try found.loss(operands, Self.numbers[found.name] ?? 0)
    let file = try #require(Self.file)
    // Some twenty roundings of each value and derivative, and where terms of unlike size meet of the largest.
    let tolerance = Tolerance(ofEach: 24, ofLargest: 4)
    try expectEqual(
      loss.values(), file.tensor(named: "\(found.name).value").values, within: tolerance, "\(found.name): value")
    let wanted = zip(found.operands, operands).filter { found.trained.contains($0.0) }
    for (gradient, name) in zip(try tape.gradients(of: loss, for: wanted.map(\.1)), wanted.map(\.0)) {
      try expectEqual(
        gradient.values(), file.tensor(named: "\(found.name).d\(name)").values, within: tolerance,
        "\(found.name): d\(name)")
    }
  }

  @Test func everyCaseIsTested() throws {
    let names = Set(try #require(Self.file).names.map { $0.split(separator: ".").dropLast().joined(separator: ".") })
    #expect(names == Set(Self.cases.map(\.name)))
  }

  /// Gradients of soft-plus keep their relative accuracy far out, where σ(x) is tiny.
  @Test(arguments: TestDevice.all)
  func derivativesOfSoftPlusAreSmallAndNotZero(_ tested: TestDevice) throws {
    let tape = Tape()
    let x = tape.watched(try Tensor([-50, -20, 0, 30], shape: [4], on: tested.device))
    let found = try tape.gradients(of: x.softPlus(), for: [x])[0].values()
    let expected: [Float] = [-50, -20, 0, 30].map { 1 / (1 + exp(-$0)) }
    for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) <= 1e-5 * wanted) }
  }

  @Test(arguments: TestDevice.all)
  func hardestOfWhatIsNoNumberIsNone(_ tested: TestDevice) throws {
    let x = try Tensor([1, .nan, 3], shape: [3], on: tested.device)
    #expect(try Loss.hardest(x, quantile: 0.5).values()[0].isNaN)
  }
}
