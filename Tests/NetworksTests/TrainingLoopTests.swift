import Checkpoints
import Compute
import ComputeCPU
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("The loop around a trainer")
struct TrainingLoopTests {
  private struct Ended: Equatable {
    let values: [[Float]]
    let log: [NSDictionary]
    let history: LossHistory
    let outcome: TrainingOutcome
  }

  private func ended(_ training: LoopedTraining, resuming: Bool = false) throws -> Ended {
    let outcome = try training.run(resuming: resuming)
    return Ended(
      values: try training.values(), log: try training.logged(), history: training.loop.history, outcome: outcome)
  }

  /// Stopped at any step, by `progress` or killed behind its last checkpoint, a training ends in the same bits.
  @Test(arguments: TestDevice.all)
  func aResumedTrainingEndsAsTheWholeOne(_ tested: TestDevice) throws {
    let whole = try withTemporaryFolder { try ended(LoopedTraining(tested.device, in: $0)) }
    #expect(whole.log.count == LoopedTraining.steps)
    #expect(whole.values.allSatisfy { $0.allSatisfy(\.isFinite) })
    for stop in [1, Int.random(in: 2..<LoopedTraining.steps), LoopedTraining.steps] {
      try withTemporaryFolder { folder in
        let first = try LoopedTraining(tested.device, in: folder)
        #expect(throws: LoopedTraining.Stop.self) { try first.run(stop: stop) }
        #expect(try first.logged().count == stop)
        // A line of a step behind the checkpoint, and half of another one.
        let handle = try FileHandle(forWritingTo: first.log)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"seconds\":1,\"step\":\(stop + 1)}\n{\"step\":\(stop)".utf8))
        try handle.close()
        let found = try ended(LoopedTraining(tested.device, in: folder), resuming: true)
        #expect(found == whole, "stopped at \(stop)")
      }
    }
  }

  /// An interruption in the midst of validation, which then comes after resuming.
  @Test(arguments: TestDevice.all)
  func aStepWhoseValidationWasInterruptedIsValidatedLater(_ tested: TestDevice) throws {
    let whole = try withTemporaryFolder { try ended(LoopedTraining(tested.device, in: $0)) }
    try withTemporaryFolder { folder in
      let first = try LoopedTraining(tested.device, in: folder)
      var validations = 0
      #expect(throws: LoopedTraining.Stop.self) {
        try first.loop.run(
          losses: first.losses,
          validation: {
            validations += 1
            if validations == 2 { throw LoopedTraining.Stop() }
            return try first.validate()
          })
      }
      #expect(try first.logged().count == 3)
      #expect(try ended(LoopedTraining(tested.device, in: folder), resuming: true) == whole)
    }
  }

  @Test func checkpointsComeAtTheirCadence() throws {
    try withTemporaryFolder { folder in
      let training = try LoopedTraining(TestDevice.all[0].device, in: folder) { $0.checkpointSteps = 4 }
      var steps: [Int?] = []
      try training.loop.run(losses: training.losses, validation: training.validate) { progress in
        let file = try? SafetensorsFile(path: training.checkpoint.path)
        steps.append(file?.metadata["step"].flatMap { Int($0) })
        #expect(progress.stepsPerSecond > 0 && progress.secondsLeft >= 0)
        #expect(progress.validation.isEmpty == (progress.report.step % 2 == 1 && progress.report.step != 9))
      }
      #expect(steps == [nil, nil, nil, 4, 4, 4, 4, 8, 8])
      #expect(try SafetensorsFile(path: training.checkpoint.path).metadata["step"] == "9")
      let often = try LoopedTraining(TestDevice.all[0].device, in: folder) { $0.checkpointMinutes = 1e-9 }
      try often.loop.run(losses: often.losses, validation: often.validate) { progress in
        let step = try SafetensorsFile(path: often.checkpoint.path).metadata["step"]
        #expect(step == "\(progress.report.step)")
      }
    }
  }

  /// The best validation is the second one; two worse ones end the training, which holds the second one's values.
  @Test(arguments: TestDevice.all)
  func patienceEndsATrainingWithItsBestValues(_ tested: TestDevice) throws {
    try withTemporaryFolder { folder in
      var (validations, best) = (0, [[Float]]())
      func run(_ training: LoopedTraining, stop: Int? = nil, resuming: Bool = false) throws -> TrainingOutcome {
        try training.loop.run(
          resuming: resuming, losses: training.losses,
          validation: {
            validations += 1
            if validations == 2 { best = try training.trainer.builder.values().map(\.values) }
            return [("error", [4, 2, .nan, 3, 1, 1][validations - 1])]
          }, progress: { if $0.report.step == stop { throw LoopedTraining.Stop() } })
      }
      func training() throws -> LoopedTraining {
        try LoopedTraining(tested.device, in: folder) { ($0.validationSteps, $0.patience) = (1, 2) }
      }
      #expect(throws: LoopedTraining.Stop.self) { try run(training(), stop: 3) }
      let second = try training()
      let outcome = try run(second, resuming: true)
      #expect(outcome.endedEarly && outcome.steps == 4 && validations == 4)
      #expect(outcome.best?.step == 2 && outcome.best?.value == 2)
      #expect(try second.trainer.builder.values().map(\.values) == best)
      // What has ended does not go on.
      let third = try training()
      #expect(try run(third, resuming: true) == outcome)
      #expect(try third.trainer.builder.values().map(\.values) == best)
      #expect(validations == 4)
    }
  }

  @Test(arguments: TestDevice.all)
  func aStepThatIsNotFiniteLeavesTheLastCheckpoint(_ tested: TestDevice) throws {
    try withTemporaryFolder { folder in
      let training = try LoopedTraining(tested.device, in: folder) { $0.checkpointSteps = 2 }
      let error = #expect(throws: TrainingError.self) {
        try training.loop.run(
          losses: { step in
            var found = try training.losses(step)
            if step.number == 5 { found[0].value = try found[0].value.affine(scale: .infinity, shift: 0) }
            return found
          }, validation: training.validate)
      }
      guard case .notFinite(5, _, training.checkpoint.path) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(try training.logged().count == 5)
      let resumed = try LoopedTraining(tested.device, in: folder) { $0.checkpointSteps = 2 }
      try resumed.run(resuming: true)
      #expect(try resumed.values().allSatisfy { $0.allSatisfy(\.isFinite) })
    }
  }

  /// A step of finite gradients can leave values that are not finite: they do not replace a good checkpoint.
  @Test func valuesThatAreNotFiniteAreNotSaved() throws {
    try withTemporaryFolder { folder in
      let training = try LoopedTraining(TestDevice.all[0].device, in: folder) { $0.checkpointSteps = 4 }
      let device = training.trainer.builder.device
      let error = #expect(throws: TrainingError.self) {
        try training.loop.run(losses: training.losses, validation: training.validate) {
          guard $0.report.step == 6 else { return }
          try device.fill(training.network.head.weight.storage, with: .infinity)
          throw LoopedTraining.Stop()
        }
      }
      #expect(error == .notFinite(step: 6, tensor: "5.weight", checkpoint: training.checkpoint.path))
      #expect(try SafetensorsFile(path: training.checkpoint.path).metadata["step"] == "4")
    }
  }
}
