import Backbones
import Checkpoints
import Compute
import Detectors
import Networks
import Tensors
import TestSupport
import Testing

/// Small students against an implementation in PyTorch, in float64.
@Suite("Students of reverse distillation")
struct ReverseDistillationNetworkTests {
  typealias Plan = ReverseDistillationPlan

  /// Those of `make_distillation_fixtures.py`.
  static let plans: [String: Plan] = [
    "bottleneck": Plan(
      channels: [8, 6, 10], block: .bottleneck, halved: 5, fused: 10,
      embedding: Plan.Stage(blocks: 2, width: 6, outputs: 12),
      decoder: [
        Plan.Stage(blocks: 2, width: 5, outputs: 10), Plan.Stage(blocks: 1, width: 4, outputs: 6),
        Plan.Stage(blocks: 2, width: 3, outputs: 8),
      ]),
    "basic": Plan(
      channels: [5, 6, 7], block: .basic, halved: 6, fused: 7, embedding: Plan.Stage(blocks: 1, width: 9, outputs: 9),
      decoder: [
        Plan.Stage(blocks: 1, width: 7, outputs: 7), Plan.Stage(blocks: 2, width: 6, outputs: 6),
        Plan.Stage(blocks: 1, width: 5, outputs: 5),
      ]),
  ]

  /// A part of the largest value: what the issue of training asks for.
  private static let tolerance = Tolerance(ofLargest: 1e-4 / Tolerance.unit)

  @Test(arguments: TestDevice.all, plans.keys.sorted())
  func outputsLossAndGradientsAreThose(_ tested: TestDevice, _ name: String) throws {
    let file = try SafetensorsFile(path: Fixtures.path("distillation.safetensors"))
    func tensor(_ role: String) throws -> Tensor {
      let found = try file.tensor(named: "\(name).\(role)")
      return try Tensor(found.values, shape: Shape(found.shape), on: tested.device)
    }
    let builder = NetworkBuilder(on: tested.device)
    let network = try ReverseDistillationNetwork(#require(Self.plans[name]), builder)
    try builder.setValues { try file.tensor(named: "\(name).\($0)", shape: $1).values }
    let teachers = try (0..<3).map { try tensor("teacher\($0)") }
    let tape = Tape()
    let students = try network(teachers, Pass(tape: tape, isTraining: true))
    for level in 0..<3 {
      try expectEqual(
        students[level].values(), tensor("student\(level)").values(), within: Self.tolerance, "student \(level)")
      let map = try ReverseDistillationDistance.map(students[level].detached, teachers[level])
      try expectEqual(map.values(), tensor("map\(level)").values(), within: Self.tolerance, "map \(level)")
    }
    let loss = try ReverseDistillationDistance.loss(students, teachers)
    try expectEqual(loss.values(), tensor("loss").values(), within: Self.tolerance, "loss")
    try tape.carryBack(from: loss)
    let names = Set(builder.parameters.map(\.name))
    #expect(names.count == file.names.count { $0.hasPrefix("\(name).gradient.") })
    for parameter in builder.parameters {
      let expected = try file.tensor(named: "\(name).gradient.\(parameter.name)").values
      try expectEqual(
        NetworkBuilder.checkpointValues(of: parameter, parameter.gradient), expected, within: Self.tolerance,
        parameter.name)
    }
    for (level, evaluated) in try network(teachers, .inference).enumerated() {
      try expectEqual(
        evaluated.values(), tensor("evaluated\(level)").values(), within: Self.tolerance, "evaluated \(level)")
    }
  }

  @Test(arguments: TestDevice.all)
  func equalFeaturesLoseNothingAndOppositeOnesTwoALevel(_ tested: TestDevice) throws {
    let levels = try (0..<3).map { level in
      try Tensor(
        (0..<(2 * 4 * 4 * 3)).map { Float(($0 * 7 + level) % 13) - 6 }, shape: [2, 4, 4, 3], on: tested.device)
    }
    let opposite = try levels.map { try $0.affine(scale: -2, shift: 0) }
    #expect(abs(try ReverseDistillationDistance.loss(levels, levels).values()[0]) <= 1e-6)
    #expect(abs(try ReverseDistillationDistance.loss(opposite, levels).values()[0] - 6) <= 1e-5)
  }

  /// The authors' students: 58.89 and 24.92 million with a Wide-ResNet-50-2, batch normalisations included.
  @Test func theAuthorsSizesAreThose() throws {
    func counts(_ plan: Plan) throws -> (bottleneck: Int, decoder: Int) {
      let builder = NetworkBuilder(on: TestDevice.all[0].device)
      _ = try ReverseDistillationNetwork(plan, builder)
      let parts = Dictionary(grouping: builder.parameters) { $0.name.hasPrefix("bn.") }
        .mapValues { $0.reduce(0) { $0 + $1.shape.count } }
      return (parts[true] ?? 0, parts[false] ?? 0)
    }
    let wide = try counts(try .plan(for: .wideResNet50x2))
    #expect(wide.bottleneck + wide.decoder == 83_802_624)
    #expect((58_885_000...58_895_000).contains(wide.bottleneck))
    let own = try counts(try .plan(for: .efficientNetLite0))
    #expect(own.bottleneck + own.decoder == 902_960)
    #expect(throws: DetectorError.self) { try Plan.plan(for: .vgg16) }
  }
}
