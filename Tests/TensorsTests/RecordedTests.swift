import Compute
import Tensors
import TestSupport
import Testing

/// What a tape records of each operation, against PyTorch's autograd in float64.
@Suite("Recorded operations against PyTorch's autograd")
struct RecordedTests {
  /// Operands by role, and the fixture for what else an expression needs.
  struct Operands {
    let tensors: [String: Tensor]
    let fixture: OperationCase
    let device: any Device

    subscript(_ role: String) -> Tensor {
      get throws { try #require(tensors[role], "\(fixture.name): \(role)") }
    }
    var x: Tensor { get throws { try self["x"] } }
    func constant(_ role: String) throws -> Tensor { try fixture.tensor(role, on: device) }
  }

  typealias Expression = @Sendable (Operands) throws -> Tensor

  private static let rows = IndexRows([3, 0, 3, 3, 1])

  private struct IndexRows: Sendable {
    let rows: [Int32]
    init(_ rows: [Int32]) { self.rows = rows }
    func on(_ device: any Device) throws -> IndexStorage { try IndexStorage(rows, on: device) }
  }

  static let expressions: [String: Expression] = {
    var all: [String: Expression] = [
      "affine": { try $0.x.affine(scale: 3, shift: -2) },
      "clamp": { try $0.x.clamped(lower: -2, upper: 1) },
      "activation": { try $0.x.activated(.silu) },
      "softmax": { try $0.x.softmaxed(logarithmic: true) },
      "matrix with itself": { try $0["a"].multiplied(by: $0["a"], otherTransposed: true) },
      "reduce sum": { try $0.x.reduced(.sum, axis: 1) },
      "reduce mean": { try $0.x.reduced(.mean, axis: 0) },
      "reduce sumOfSquares": { try $0.x.reduced(.sumOfSquares, axis: 2) },
      "reduce maximum": { try $0.x.reduced(.maximum, axis: 1) },
      "reduce minimum": { try $0.x.reduced(.minimum, axis: 1) },
      "reduce mean of all": { try $0.x.reduced(.mean) },
      "concatenate": { try .concatenated([$0["a"], $0["b"], $0["c"]], axis: 1) },
      "slice": { try $0.x.sliced(2..<5, axis: 1) },
      "permute": { try $0.x.permuted([2, 0, 3, 1]) },
      "reshape": { try $0.x.reshaped(to: [6, 35]) },
      "gather": { try $0.x.gatheredRows(rows.on($0.device)) },
      "straight through": { try $0.x.gatheredRows(rows.on($0.device)).straightThrough(to: $0["z"]) },
      "convolution": {
        try $0.x.convolved(
          with: $0["w"], bias: $0["b"], residual: $0["r"], activation: .relu, stride: 2, padding: 1)
      },
      "depthwise convolution": { try $0.x.convolved(with: $0["w"], padding: 2, groups: 5) },
      "pool": { try $0.x.pooled(.maximum, kernel: 3, stride: 2, padding: 1) },
      "resample": { try $0.x.resampled(.bilinearHalfPixel, height: 9, width: 11) },
      "group normalization": { try $0.x.groupNormalized(groups: 3, scale: $0["s"], shift: $0["b"]) },
      "layer normalization": { try $0.x.layerNormalized(scale: $0["s"], shift: $0["b"]) },
      "plain layer normalization": { try $0.x.layerNormalized() },
      "batch normalization": { try $0.x.batchNormalized(scale: $0["s"], shift: $0["b"]).result },
      "batch normalization, fixed": {
        try $0.x.normalized(
          means: $0.constant("means"), variances: $0.constant("variances"), scale: $0["s"], shift: $0["b"])
      },
      "attention": { try $0["q"].attended(to: $0["k"], values: $0["v"]) },
      "several uses": {
        let (x, one) = (try $0.x, try $0.x.affine(scale: 1, shift: -1))
        return try x.combined(.multiply, with: x).combined(.add, with: x).combined(.multiply, with: one)
          .combined(.add, with: one)
      },
      "one operand twice": { try $0.x.combined(.add, with: $0.x) },
    ]
    for operation in BinaryOperation.allCases {
      for name in ["\(operation)", "\(operation) rows"] {
        all[name] = { try $0.x.combined(operation, with: $0["v"]) }
      }
    }
    for operation in UnaryOperation.allCases { all["\(operation)"] = { try $0.x.mapped(operation) } }
    for (order, transposed) in [
      ("nn", (false, false)), ("tn", (true, false)), ("nt", (false, true)), ("tt", (true, true)),
    ] {
      for name in ["matrix \(order)", "matrices \(order)"] {
        all[name] = {
          try $0["a"].multiplied(
            by: $0["b"], transposed: transposed.0, otherTransposed: transposed.1, scale: 0.5)
        }
      }
    }
    return all
  }()

  private static let constants: Set = ["dy", "y", "means", "variances"]

  /// Sums here have at most 216 products; a hundredth part of that error is what an index that is off by one makes.
  private static let tolerance = Tolerance.sum(depth: 1024)

  @Test(arguments: TestDevice.all, OperationFixtures.cases("recorded"))
  func gradientsAreThose(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let name = String(fixture.name.dropFirst("recorded: ".count))
    let expression = try #require(Self.expressions[name], "no expression '\(name)'")
    let tape = Tape()
    let roles = fixture.roles.filter { !Self.constants.contains($0) && fixture.has("d" + $0) }.sorted()
    let operands = try roles.map { tape.watched(try fixture.tensor($0, on: tested.device)) }
    let y = try expression(
      Operands(
        tensors: Dictionary(uniqueKeysWithValues: zip(roles, operands)), fixture: fixture, device: tested.device))
    try expectEqual(y.values(), fixture.values("y"), within: Self.tolerance, "\(name): y")
    let gradients = try tape.gradients(of: y, for: operands, outputGradient: fixture.tensor("dy", on: tested.device))
    for (role, gradient) in zip(roles, gradients) {
      try expectEqual(gradient.values(), fixture.values("d" + role), within: Self.tolerance, "\(name): d\(role)")
    }
  }

  /// A closure that held a tensor would hold the tape that holds it: what a step that fails had made would stay in memory.
  @Test(arguments: OperationFixtures.cases("recorded"))
  func tapesThatAreNotUsedAreFreed(_ fixture: OperationCase) throws {
    let (name, device) = (String(fixture.name.dropFirst("recorded: ".count)), TestDevice.all[0].device)
    let expression = try #require(Self.expressions[name], "no expression '\(name)'")
    weak var left: Tape?
    do {
      let tape = Tape()
      left = tape
      let roles = fixture.roles.filter { !Self.constants.contains($0) && fixture.has("d" + $0) }
      let operands = try roles.map { ($0, tape.watched(try fixture.tensor($0, on: device))) }
      let y = try expression(
        Operands(tensors: Dictionary(uniqueKeysWithValues: operands), fixture: fixture, device: device))
      #expect(tape.count > operands.count && y.shape.count > 0)
    }
    #expect(left == nil)
  }

  @Test func everyExpressionHasItsCase() {
    let cases = Set(OperationFixtures.cases("recorded").map { String($0.name.dropFirst("recorded: ".count)) })
    #expect(cases == Set(Self.expressions.keys))
  }

  /// The gradient of a sample's mean is the sample's, and that of the logarithm of its variance ½ (z − mean) of it.
  @Test(arguments: TestDevice.all)
  func samplesPassTheirsToMeansAndVariances(_ tested: TestDevice) throws {
    let tape = Tape()
    let mean = tape.watched(try Tensor([0.5, -1, 2, 0], shape: [4], on: tested.device))
    let spread = tape.watched(try Tensor([0, 1, -1, 25], shape: [4], on: tested.device))
    let z = try mean.sampled(logVariances: spread, RandomKey(seed: 5))
    let incoming = try Tensor([1, 2, 3, 4], shape: [4], on: tested.device)
    let gradients = try tape.gradients(of: z, for: [mean, spread], outputGradient: incoming)
    #expect(try gradients[0].values() == [1, 2, 3, 4])
    let (values, means) = (try z.values(), try mean.values())
    var expected: [Float] = [0, 0, 0, 0]
    for index in 0..<3 { expected[index] = 0.5 * Float(index + 1) * (values[index] - means[index]) }
    try expectEqual(gradients[1].values(), expected, within: Tolerance(ofEach: 4))
  }
}
