import Compute
import Tensors

extension Trainer {
  /// ``advance(_:)``, with an error that says which batch would fit where memory runs out.
  ///
  /// The size is found by trying the step with parts of its batch, not estimated: what a device needs besides the tape (packed
  /// weights, transformed convolutions) is known to the device alone. Parameters stay as they are.
  ///
  /// - Throws: ``TrainingError/outOfMemory(step:batch:fitting:)``, and what ``advance(_:)`` throws.
  func advanceWithinMemory(_ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]) throws -> StepReport {
    do { return try advance(losses) } catch DeviceError.outOfMemory {
      throw TrainingError.outOfMemory(step: step, batch: plan.batch, fitting: try fittingBatch(losses))
    }
  }

  /// The largest batch below the plan's whose gradients are found to fit; 0 for none. Small buffers that a trial reuses may be
  /// larger than it needs, so a few examples more can fit.
  private func fittingBatch(_ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]) throws -> Int {
    let examples = nextExamples
    var (fits, fails) = (0, plan.batch)
    while fails - fits > 1 {
      let size = (fits + fails) / 2
      do {
        for part in optimizers.indices {
          forgetGradients()
          _ = try carryBack(Array(examples.prefix(size)), part: part, isTrial: true, losses)
        }
        fits = size
      } catch DeviceError.outOfMemory { fails = size }
    }
    forgetGradients()
    return fits
  }

  private func forgetGradients() {
    for optimizer in optimizers { optimizer.arena.forgetGradients() }
  }
}
