/// One step of Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1), with weight decay added to the gradient or, as AdamW
/// has it (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), taken off the value itself.
///
/// With g the gradient and t the step's number: `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
/// `w ← w − rate · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)`.
public struct AdamStep: Hashable, Sendable {
  public var rate: Double
  /// β₁ and β₂.
  public var firstDecay = 0.9
  public var secondDecay = 0.999
  public var epsilon = 1e-8
  public var weightDecay = 0.0
  public var isDecoupled = false
  /// t, from 1.
  public var number: Int

  public init(rate: Double, number: Int) {
    self.rate = rate
    self.number = number
  }

  /// What devices compute with. The corrections of the bias are taken in Double: in Float32, 1 − β₂ loses four digits.
  package struct Factors {
    package let first, second, rate, root, epsilon, coupled, kept: Float
  }

  package var factors: Factors {
    Factors(
      first: Float(1 - firstDecay), second: Float(1 - secondDecay), rate: Float(rate / (1 - power(firstDecay))),
      root: Float(1 / (1 - power(secondDecay)).squareRoot()), epsilon: Float(epsilon),
      coupled: isDecoupled ? 0 : Float(weightDecay), kept: isDecoupled ? Float(1 - rate * weightDecay) : 1)
  }

  /// decayᵗ by squaring.
  private func power(_ decay: Double) -> Double {
    var (result, square, rest) = (1.0, decay, number)
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }
}

/// One step of gradient descent with momentum, as PyTorch's `SGD`: `u ← momentum · u + (1 − dampening) · g`, `w ← w − rate · u`,
/// or with Nesterov's look ahead `w ← w − rate · (g + momentum · u)`. The first step has u = g: dampening is then 0.
public struct MomentumStep: Hashable, Sendable {
  public var rate: Double
  public var momentum: Double
  public var dampening = 0.0
  public var weightDecay = 0.0
  public var isNesterov = false

  public init(rate: Double, momentum: Double = 0) {
    self.rate = rate
    self.momentum = momentum
  }
}

/// Changes values in place, and what is remembered of their gradients; every array has the values' count, but for
/// `gradientFactor`, which has one element that gradients are multiplied by. Where that is not finite nothing changes.
public protocol OptimizerKernels {
  func adam(
    _ step: AdamStep, _ values: Storage, gradient: Storage, firstMoment: Storage, secondMoment: Storage,
    gradientFactor: Storage) throws
  func descend(
    _ step: MomentumStep, _ values: Storage, gradient: Storage, velocity: Storage, gradientFactor: Storage) throws
  /// `y ← y + weight · (x − y)`: moving averages of weights.
  func blend(_ x: Storage, weight: Float, into y: Storage) throws
}

extension Arguments {
  package func requireStep(_ values: Storage, _ others: [Storage], factor: Storage) throws {
    for (index, other) in others.enumerated() { try require(other, "state \(index)", count: values.count) }
    try require(values, "values", count: values.count)
    try require(factor, "gradientFactor", count: 1)
  }
}
