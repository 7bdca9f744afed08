import Checkpoints
import Compute
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Training loop and checkpoints")
struct TrainerTests {
  /// A training of the small residual network on made-up pictures of five classes.
  private struct Run {
    let trainer: Trainer
    let network: ResidualNetwork
    let pictures, labels: Tensor

    init(_ tested: TestDevice, steps: Int = 7, rate: Double = 0.01, seed: UInt64 = 11) throws {
      let builder = NetworkBuilder(on: tested.device, seed: 5)
      network = try ResidualNetwork(builder)
      let plan = TrainingPlan(
        steps: steps, batch: 4, rate: .cosine(rate, warmUp: 2, total: 20),
        rule: .adam(weightDecay: 0.01, isDecoupled: true),
        clippingNorm: 1, seed: seed)
      trainer = try Trainer(plan, builder, examples: 10)
      let size = 9 * 7 * 3
      let values = (0..<(10 * size)).map { Float(($0 * 37 + $0 / size * 11) % 101) / 50 - 1 }
      pictures = try Tensor(values, shape: [10, size], on: tested.device)
      labels = try Tensor((0..<50).map { $0 % 5 == $0 / 5 % 5 ? 1 : 0 }, shape: [10, 5], on: tested.device)
    }

    func advance() throws -> StepReport {
      try trainer.advance { step in
        let rows = try IndexStorage(step.examples.map(Int32.init), on: pictures.device)
        let x = try pictures.gatheredRows(rows).reshaped(to: [step.examples.count, 9, 7, 3])
        return [("loss", try Loss.crossEntropy(network(x, step.pass), labels: labels.gatheredRows(rows)))]
      }
    }

    func values() throws -> [[Float]] {
      try trainer.builder.values().map(\.values) + trainer.optimizer.state.map { try $0.array.values() }
    }
  }

  @Test(arguments: TestDevice.all)
  func aRestoredTrainingEndsInTheSameBits(_ tested: TestDevice) throws {
    let whole = try Run(tested)
    while !whole.trainer.isFinished { _ = try whole.advance() }
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("checkpoint.safetensors")
      let first = try Run(tested)
      for _ in 0..<3 { _ = try first.advance() }
      try first.trainer.save(to: file)
      _ = try first.advance()
      let second = try Run(tested)
      _ = try second.advance()
      try second.trainer.restore(from: file)
      #expect(second.trainer.step == 3)
      while !second.trainer.isFinished { _ = try second.advance() }
      #expect(try second.values() == whole.values())
      #expect(try whole.values().allSatisfy { $0.allSatisfy(\.isFinite) })
    }
  }

  @Test func checkpointsOfOtherPlansAreRefused() throws {
    let tested = TestDevice.all[0]
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("checkpoint.safetensors")
      try Run(tested).trainer.save(to: file)
      let error = #expect(throws: TrainingError.self) { try Run(tested, seed: 12).trainer.restore(from: file) }
      #expect("\(try #require(error))".contains("other settings"))
      try Data("no checkpoint".utf8).write(to: file)
      #expect(throws: CheckpointError.self) { try Run(tested).trainer.restore(from: file) }
      let other = folder.appendingPathComponent("weights.safetensors")
      try SafetensorsFile.encoded(["x": HostTensor(shape: [1], values: [1])]).write(to: other)
      #expect(throws: TrainingError.self) { try Run(tested).trainer.restore(from: other) }
    }
  }

  @Test(arguments: TestDevice.all)
  func aGradientThatIsNotFiniteStopsWithItsName(_ tested: TestDevice) throws {
    let run = try Run(tested)
    _ = try run.advance()
    let before = try run.trainer.builder.parameters.map { try $0.storage.values() }
    let error = #expect(throws: TrainingError.self) {
      try run.trainer.advance { step in
        let weight = run.network.head.weight.tensor(on: step.pass.tape)
        return [("loss", try weight.mapped(.square).affine(scale: .infinity, shift: 0).reduced(.sum))]
      }
    }
    #expect(error == .notFinite(step: 1, tensor: "5.weight", checkpoint: nil))
    #expect(try run.trainer.builder.parameters.map { try $0.storage.values() } == before)
  }

  @Test func everyEpochHasEveryExampleOnce() {
    let order = BatchOrder(examples: 10, batch: 4, seed: 3)
    let all = (0..<5).flatMap { order[$0] }
    #expect(all.count == 20)
    #expect(Array(all[..<10]).sorted() == Array(0..<10))
    #expect(Array(all[10...]).sorted() == Array(0..<10))
    #expect(Array(all[..<10]) != Array(all[10...]))
    #expect(order[3] == BatchOrder(examples: 10, batch: 4, seed: 3)[3])
    #expect(all != (0..<5).flatMap { BatchOrder(examples: 10, batch: 4, seed: 4)[$0] })
    #expect(BatchOrder(examples: 1, batch: 3, seed: 0)[7] == [0, 0, 0])
  }

  @Test func plansAreChecked() throws {
    let builder = NetworkBuilder(on: TestDevice.all[0].device)
    _ = try builder.parameter("w", [1], .constant(0))
    for plan in [
      TrainingPlan(steps: 0, batch: 1, rate: .constant(1), rule: .adam()),
      TrainingPlan(steps: 1, batch: 0, rate: .constant(1), rule: .adam()),
      TrainingPlan(steps: 1, batch: 1, rate: .constant(.nan), rule: .adam()),
      TrainingPlan(steps: 1, batch: 1, rate: .constant(1), rule: .adam(), clippingNorm: 0),
    ] {
      #expect(throws: TrainingError.self) { try Trainer(plan, builder, examples: 1) }
    }
    let sound = TrainingPlan(steps: 1, batch: 1, rate: .constant(1), rule: .adam())
    #expect(throws: TrainingError.self) { try Trainer(sound, builder, examples: 0) }
  }
}
