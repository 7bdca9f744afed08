import Compute
import Images
import Networks
import Synchronization
import Tensors
import TestSupport
import Testing

@Suite("Parts that are trained against each other")
struct TrainerPartsTests {
  /// Two numbers a and b by plain descent at a rate of ¼: a follows b by `(a − b)²`, then b flees from a by `−(a − b)²`.
  private struct Pursuit {
    let trainer: Trainer
    let a, b: Parameter

    init(_ device: any Device, steps: Int = 4) throws {
      let builder = NetworkBuilder(on: device)
      a = try builder.parameter("a", [1], .constant(0))
      b = try builder.parameter("b", [1], .constant(4))
      let plan = TrainingPlan(steps: steps, batch: 1, rate: .constant(0.25), rule: .momentum(0))
      trainer = try Trainer(plan, builder, examples: 1, parts: [[a], [b]])
    }

    func values() throws -> [Float] { try [a, b].flatMap { try $0.storage.values() } }

    func losses(_ step: TrainingStep) throws -> [(name: String, value: Tensor)] {
      let square = try a.tensor(on: step.pass.tape).combined(.subtract, with: b.tensor(on: step.pass.tape))
        .mapped(.square)
      return step.part == 0 ? [("a", square)] : [("b", try square.affine(scale: -1, shift: 0))]
    }
  }

  /// 0, 4: a goes to 0 + ½ · 4 = 2; b sees that and goes to 4 + ½ · 2 = 5. Then 2 + ½ · 3 and 5 + ½ · 1½.
  @Test(arguments: TestDevice.all)
  func theSecondPartSeesTheFirstOneChanged(_ tested: TestDevice) throws {
    let pursuit = try Pursuit(tested.device)
    let report = try pursuit.trainer.advance(pursuit.losses)
    #expect(try pursuit.values() == [2, 5])
    #expect(report.losses.map(\.name) == ["a", "b"] && report.losses.map(\.value) == [16, -4])
    #expect(report.gradientNorm == 8)
    _ = try pursuit.trainer.advance(pursuit.losses)
    #expect(try pursuit.values() == [3.5, 5.75])
    #expect(pursuit.trainer.step == 2 && pursuit.a.isTrainable && pursuit.b.isTrainable)
  }

  @Test(arguments: TestDevice.all)
  func aLaterPartCanRest(_ tested: TestDevice) throws {
    let pursuit = try Pursuit(tested.device)
    let report = try pursuit.trainer.advance { step in
      let losses = try pursuit.losses(step)
      return step.part == 0 ? losses : [("b", losses[0].value.detached)]
    }
    #expect(try pursuit.values() == [2, 4])
    #expect(report.losses.map(\.value) == [16, -4])
    // Counted all the same, as an optimiser does whose gradients are 0.
    #expect(pursuit.trainer.optimizers.map(\.stepCount) == [1, 1])
    // The first one cannot.
    #expect(throws: TapeError.self) {
      try pursuit.trainer.advance { [("constant", try pursuit.losses($0)[0].value.detached)] }
    }
  }

  @Test func aPartsGradientThatIsNotFiniteIsNamed() throws {
    let pursuit = try Pursuit(TestDevice.all[0].device)
    let error = #expect(throws: TrainingError.self) {
      try pursuit.trainer.advance { step in
        let losses = try pursuit.losses(step)
        return step.part == 0 ? losses : [("b", try losses[0].value.affine(scale: .infinity, shift: 0))]
      }
    }
    #expect(error == .notFinite(step: 0, tensor: "b", checkpoint: nil))
    #expect(try pursuit.b.storage.values() == [4])
  }

  /// Both parts ask for the step's pictures; they are made once.
  @Test func bothPartsHaveTheSamePictures() throws {
    final class Made: Sendable { let count = Atomic(0) }
    let made = Made()
    let plan = TrainingPlan(steps: 3, batch: 2, rate: .constant(0), rule: .adam())
    let source = try BatchSource(plan, examples: 2, threads: 1) { example in
      made.count.add(1, ordering: .relaxed)
      return try FloatImage(width: 1, height: 1, samples: [Float(example)])
    }
    let order = BatchOrder(examples: 2, batch: 2, seed: plan.seed)
    for number in 0..<3 {
      let steps = (0..<2).map { TrainingStep(number: number, examples: order[number], pass: .inference, part: $0) }
      let (first, second) = (try source.pictures(steps[0]), try source.pictures(steps[1]))
      #expect(first == second && first.map { Int($0.samples[0]) } == order[number])
    }
    #expect(made.count.load(ordering: .relaxed) == 6)
  }
}
