import Compute
public import Tensors

/// What one step of a training works on.
public struct TrainingStep {
  /// From 0.
  public let number: Int
  /// Numbers of the examples.
  public let examples: [Int]
  public let pass: Pass
  /// Which of the trainer's parts is trained now; the parameters of all others are constants.
  public let part: Int

  public init(number: Int, examples: [Int], pass: Pass, part: Int = 0) {
    self.number = number
    self.examples = examples
    self.pass = pass
    self.part = part
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
  /// By name, the one that is minimised first; where there are several parts, those of one after those of the other.
  public let losses: [LossValue]
  public let rate: Double
  /// Of the first part.
  public let gradientNorm: Float
}

/// Trains a network by a plan, step by step; ``TrainingLoop`` goes around it.
///
/// A step depends on the plan, its number and the state before alone, so a training that is stopped and restored from
/// a checkpoint ends in the same bits.
///
/// Adversaries are parts of one network, each with an optimiser of its own: in every step the first part takes its own step, then
/// the second, which sees the first one changed.
public final class Trainer {
  public let plan: TrainingPlan
  public let builder: NetworkBuilder
  /// One a part, all by the plan's rule.
  public let optimizers: [Optimizer]
  /// Steps done.
  public private(set) var step = 0
  private let order: BatchOrder
  /// The last checkpoint that was written, for messages.
  var checkpoint: String?

  /// - examples: how many there are
  /// - parts: parameters that are trained against each other; all of the builder's are one part unless given
  /// - Throws: ``TrainingError``, `DeviceError`.
  public init(
    _ plan: TrainingPlan, _ builder: NetworkBuilder, examples: Int, parts: [[Parameter]]? = nil
  ) throws {
    try plan.validate()
    guard examples > 0 else { throw TrainingError.setting(name: "data", reason: "is empty") }
    self.plan = plan
    self.builder = builder
    let parts = parts ?? [builder.parameters]
    precondition(
      parts.joined().map(\.name).sorted() == builder.parameters.map(\.name).sorted(),
      "every parameter is of one part")
    optimizers = try parts.map { try Optimizer(plan.rule, ParameterArena($0), clippingNorm: plan.clippingNorm) }
    order = BatchOrder(examples: examples, batch: plan.batch, seed: plan.seed)
  }

  /// Of the first part.
  public var optimizer: Optimizer { optimizers[0] }
  public var isFinished: Bool { step >= plan.steps }

  /// One step.
  ///
  /// - losses: gives the losses of the step's examples, one value each; the first one is minimised. Called once a part; a later
  ///   part's first loss may be a constant: it rests, and its optimiser counts a step without a gradient.
  /// - Throws: ``TrainingError/notFinite(step:tensor:checkpoint:)``, no parameter of that part having changed; what `losses`
  ///   throws.
  public func advance(_ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]) throws -> StepReport {
    let rate = plan.rate.rate(at: step)
    var found: [(name: String, value: Tensor)] = []
    var norms: [Float] = []
    for part in optimizers.indices {
      let own = try carryBack(order[step], part: part, losses)
      try optimizers[part].step(rate: rate)
      norms.append(try optimizers[part].gradientNorm())
      guard norms[part].isFinite else {
        let culprit = try optimizers[part].arena.parameters.first { try !$0.gradient.values().allSatisfy(\.isFinite) }
        throw TrainingError.notFinite(step: step, tensor: culprit?.name ?? own[0].name, checkpoint: checkpoint)
      }
      found += own
    }
    step += 1
    return StepReport(
      step: step, steps: plan.steps,
      losses: try found.map { LossValue(name: $0.name, value: try $0.value.values()[0]) }, rate: rate,
      gradientNorm: norms[0])
  }

  /// The losses of some examples with their gradients at a part's parameters.
  ///
  /// - isTrial: whether running statistics are left alone
  func carryBack(
    _ examples: [Int], part: Int, isTrial: Bool = false,
    _ losses: (TrainingStep) throws -> [(name: String, value: Tensor)]
  ) throws -> [(name: String, value: Tensor)] {
    let others = optimizers.enumerated().filter { $0.offset != part }.flatMap(\.element.arena.parameters)
      .filter(\.isTrainable)
    for parameter in others { parameter.isTrainable = false }
    defer { for parameter in others { parameter.isTrainable = true } }
    let tape = Tape()
    let key = RandomKey(seed: plan.seed, stream: 0, step: UInt32(truncatingIfNeeded: step))
    var pass = Pass(tape: tape, isTraining: true, key: key)
    pass.isRepeated = isTrial
    let found = try losses(TrainingStep(number: step, examples: examples, pass: pass, part: part))
    precondition(!found.isEmpty, "a step has a loss")
    if part == 0 || found[0].value.isRecorded { try tape.carryBack(from: found[0].value) }
    return found.map { ($0.name, $0.value.detached) }
  }

  /// The examples of the step that comes next.
  var nextExamples: [Int] { order[step] }

  func goOn(from step: Int) { self.step = step }
}
