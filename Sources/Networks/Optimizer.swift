public import Compute
import Tensors

/// How values follow their gradients.
public enum OptimizerRule: Hashable, Sendable, Codable {
  /// Kingma and Ba 2015 (arXiv 1412.6980); with `isDecoupled` AdamW (arXiv 1711.05101).
  case adam(
    firstDecay: Double = 0.9, secondDecay: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isDecoupled: Bool = false)
  case momentum(Double, dampening: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false)

  /// What is remembered for every value, by name.
  var stateNames: [String] {
    switch self {
    case .adam: ["first_moment", "second_moment"]
    case .momentum: ["velocity"]
    }
  }
}

/// Changes a network's parameters by their gradients: a norm, a factor and one launch over all of them.
///
/// Where the gradients' norm is not finite no value changes; ``gradientNorm()`` tells.
public final class Optimizer {
  public let arena: ParameterArena
  public let rule: OptimizerRule
  /// The largest norm of all gradients together; larger ones are scaled down to it.
  public var clippingNorm: Float?
  /// Steps so far.
  public private(set) var stepCount = 0
  /// What is remembered, by name, each of the arena's size.
  public let state: [(name: String, array: Storage)]
  private let norm: Storage

  public init(_ rule: OptimizerRule, _ arena: ParameterArena, clippingNorm: Float? = nil) throws {
    self.rule = rule
    self.arena = arena
    self.clippingNorm = clippingNorm
    state = try rule.stateNames.map { ($0, try arena.zeros()) }
    norm = try Storage(count: 1, on: arena.device)
  }

  /// One step, after which the next gradients are the first ones.
  ///
  /// - rate: the learning rate of this step
  public func step(rate: Double) throws {
    let device = arena.device
    try arena.completeGradients()
    let factor = try gradientFactor()
    stepCount += 1
    switch rule {
    case .adam(let firstDecay, let secondDecay, let epsilon, let weightDecay, let isDecoupled):
      var step = AdamStep(rate: rate, number: stepCount)
      (step.firstDecay, step.secondDecay, step.epsilon) = (firstDecay, secondDecay, epsilon)
      (step.weightDecay, step.isDecoupled) = (weightDecay, isDecoupled)
      try device.adam(
        step, arena.values, gradient: arena.gradients, firstMoment: state[0].array, secondMoment: state[1].array,
        gradientFactor: factor)
    case .momentum(let momentum, let dampening, let weightDecay, let isNesterov):
      var step = MomentumStep(rate: rate, momentum: momentum)
      step.dampening = stepCount == 1 ? 0 : dampening
      (step.weightDecay, step.isNesterov) = (weightDecay, isNesterov)
      try device.descend(
        step, arena.values, gradient: arena.gradients, velocity: state[0].array, gradientFactor: factor)
    }
    arena.forgetLayouts()
    arena.forgetGradients()
  }

  /// Goes on after so many steps, with what ``state`` has been set to.
  func goOn(from stepCount: Int) { self.stepCount = stepCount }

  /// The norm of the last step's gradients, before they were scaled down; waits for the device.
  public func gradientNorm() throws -> Float { try norm.values()[0] }

  /// `min(1, clippingNorm / (norm + 10⁻⁶))`, or 1; not a number where the norm is not finite.
  private func gradientFactor() throws -> Storage {
    let device = arena.device
    let all = try ReductionProblem(outer: 1, reduced: arena.gradients.count, inner: 1)
    let squared = try Storage(count: 1, on: device)
    try device.reduce(.sumOfSquares, all, arena.gradients, into: squared)
    try device.map(.squareRoot, squared, into: norm)
    let factor = try Storage(count: 1, on: device)
    let finite = try Storage(count: 1, on: device)
    // 0 · ∞ is not a number.
    try device.affine(norm, scale: 0, shift: 1, into: finite)
    guard let clippingNorm else { return finite }
    try device.affine(norm, scale: 1 / clippingNorm, shift: 1e-6 / clippingNorm, into: factor)
    try device.map(.reciprocal, factor, into: factor)
    try device.clamp(factor, lower: 0, upper: 1, into: factor)
    try device.combine(.multiply, factor, finite, into: factor)
    return factor
  }
}

/// A moving average of a network's values (Polyak and Juditsky 1992), which often generalises better than the last ones.
public final class MovingAverage {
  public let arena: ParameterArena
  public let decay: Double
  public let average: Storage

  /// Starts from the values as they are.
  public init(_ arena: ParameterArena, decay: Double) throws {
    self.arena = arena
    self.decay = decay
    average = try arena.zeros()
    try arena.device.blend(arena.values, weight: 1, into: average)
  }

  /// `average ← decay · average + (1 − decay) · values`
  public func follow() throws { try arena.device.blend(arena.values, weight: Float(1 - decay), into: average) }

  /// Puts the average in the place of the network's values, and those in the average's: to validate, and back.
  public func exchange() throws {
    let all = try BlockCopy(rows: 1, columns: average.count)
    let values = try arena.zeros()
    try arena.device.copy(all, from: arena.values, into: values)
    try arena.device.copy(all, from: average, into: arena.values)
    try arena.device.copy(all, from: values, into: average)
    arena.forgetLayouts()
  }
}
