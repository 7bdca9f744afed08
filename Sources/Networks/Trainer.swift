import Compute
public import Tensors

/// What one step of a training works on.
public struct TrainingStep {
  /// From 0.
  public let number: Int
  /// Numbers of the examples.
  public let examples: [Int]
  public let pass: Pass

  public init(number: Int, examples: [Int], pass: Pass) {
    self.number = number
    self.examples = examples
    self.pass = pass
  }
}

/// A loss and its value.
public struct LossValue: Codable, Hashable, Sendable {
  public let name: String
  public let value: Float
}

/// What a step has done.
public struct StepReport: Codable, Hashable, Sendable {
  /// Steps done.
  public let step: Int
  public let steps: Int
  /// By name, the one that is minimised first.
  public let losses: [LossValue]
  public let rate: Double
  public let gradientNorm: Float
}

/// Trains a network by a plan, step by step; ``TrainingLoop`` goes around it.
///
/// A step depends on the plan, its number and the state before alone, so a training that is stopped and restored from
/// a checkpoint ends in the same bits.
public final class Trainer {
  public let plan: TrainingPlan
  public let builder: NetworkBuilder
  public let optimizer: Optimizer
  /// Steps done.
  public private(set) var step = 0
  private let order: BatchOrder
  /// The last checkpoint that was written, for messages.
  var checkpoint: String?

  /// - examples: how many there are
  /// - Throws: ``TrainingError``, `DeviceError`.
  public init(_ plan: TrainingPlan, _ builder: NetworkBuilder, examples: Int) throws {
    try plan.validate()
    guard examples > 0 else { throw TrainingError.setting(name: "data", reason: "is empty") }
    self.plan = plan
    self.builder = builder
    optimizer = try Optimizer(plan.rule, ParameterArena(builder.parameters), clippingNorm: plan.clippingNorm)
    order = BatchOrder(examples: examples, batch: plan.batch, seed: plan.seed)
  }

  public var isFinished: Bool { step >= plan.steps }

  /// One step.
  ///
  /// - losses: gives the losses of the step's examples, one value each; the first one is minimised
  /// - Throws: ``TrainingError/notFinite(step:tensor:checkpoint:)``, no parameter having changed; what `losses` throws.
  public func advance(_ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]) throws -> StepReport {
    let found = try carryBack(order[step], losses)
    let rate = plan.rate.rate(at: step)
    try optimizer.step(rate: rate)
    let norm = try optimizer.gradientNorm()
    guard norm.isFinite else {
      let culprit = try builder.parameters.first { try !$0.gradient.values().allSatisfy(\.isFinite) }
      throw TrainingError.notFinite(step: step, tensor: culprit?.name ?? found[0].name, checkpoint: checkpoint)
    }
    step += 1
    return StepReport(
      step: step, steps: plan.steps,
      losses: try found.map { LossValue(name: $0.name, value: try $0.value.values()[0]) }, rate: rate,
      gradientNorm: norm)
  }

  /// The losses of some examples with their gradients at the parameters.
  ///
  /// - isTrial: whether running statistics are left alone
  func carryBack(
    _ examples: [Int], isTrial: Bool = false, _ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]
  ) throws -> [(name: String, value: Tensor)] {
    let tape = Tape()
    let key = RandomKey(seed: plan.seed, stream: 0, step: UInt32(truncatingIfNeeded: step))
    var pass = Pass(tape: tape, isTraining: true, key: key)
    pass.isRepeated = isTrial
    let found = try losses(TrainingStep(number: step, examples: examples, pass: pass))
    precondition(!found.isEmpty, "a step has a loss")
    try tape.carryBack(from: found[0].value)
    return found
  }

  /// The examples of the step that comes next.
  var nextExamples: [Int] { order[step] }

  func goOn(from step: Int) { self.step = step }
}
