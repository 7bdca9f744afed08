import Compute

/// What a training does, apart from its network and its data: equal plans on equal data give equal models.
public struct TrainingPlan: Codable, Hashable, Sendable {
  public var steps: Int
  /// Examples a step.
  public var batch: Int
  public var rate: LearningRate
  public var rule: OptimizerRule
  /// The largest norm of all gradients together.
  public var clippingNorm: Float?
  public var seed: UInt64

  public init(
    steps: Int, batch: Int, rate: LearningRate, rule: OptimizerRule, clippingNorm: Float? = nil, seed: UInt64 = 0
  ) {
    self.steps = steps
    self.batch = batch
    self.rate = rate
    self.rule = rule
    self.clippingNorm = clippingNorm
    self.seed = seed
  }

  /// - Throws: ``TrainingError/setting(name:reason:)``.
  public func validate() throws(TrainingError) {
    let checks: [(String, Bool, String)] = [
      ("steps", steps >= 1, "must be at least 1"), ("batch", (1...4096).contains(batch), "must be between 1 and 4096"),
      ("rate", rate.rate(at: 0).isFinite && rate.rate(at: 0) >= 0, "must be a number and not negative"),
      ("clipping norm", clippingNorm.map { $0 > 0 } ?? true, "must be above 0"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }
}

/// The examples of every step: each epoch goes through all of them once, in an order of its own, and the last batch of an epoch
/// takes the first ones of the next.
public struct BatchOrder: Sendable {
  private let examples: Int
  private let batch: Int
  private let seed: UInt64

  /// - examples: at least one
  public init(examples: Int, batch: Int, seed: UInt64) {
    precondition(examples > 0 && batch > 0, "there is something to choose from")
    self.examples = examples
    self.batch = batch
    self.seed = seed
  }

  /// Streams of a training's seed, so that none moves another.
  private static let stream: UInt32 = 0x5348_5546

  /// - step: from 0; depends on nothing else, so that a training goes on where it was stopped
  public subscript(step: Int) -> [Int] {
    let start = step * batch
    var (epoch, order) = (-1, [Int]())
    return (start..<(start + batch)).map { place in
      if place / examples != epoch {
        epoch = place / examples
        var random = PhiloxStream(
          RandomKey(seed: seed, stream: Self.stream, step: UInt32(truncatingIfNeeded: epoch)))
        order = random.permutation(examples)
      }
      return order[place % examples]
    }
  }
}

/// What ends a training.
public enum TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  case setting(name: String, reason: String)
  /// - tensor: the first parameter that is not finite or whose gradient is not
  case notFinite(step: Int, tensor: String, checkpoint: String?)
  case checkpoint(path: String, reason: String)
  /// A step needs more memory than the device has.
  ///
  /// - fitting: the largest batch that fits; 0 where not even one example does
  case outOfMemory(step: Int, batch: Int, fitting: Int)

  public var description: String {
    switch self {
    case .setting(let name, let reason): "The training's \(name) \(reason)."
    case .notFinite(let step, let tensor, let checkpoint):
      "At step \(step) \(tensor) or its gradient became infinite or no number; lower the learning rate"
        + (checkpoint.map { " (the last good checkpoint is \($0))." } ?? ".")
    case .outOfMemory(let step, let batch, let fitting):
      "At step \(step) the device's memory does not hold a batch of \(batch); "
        + (fitting > 0
          ? "a batch of \(fitting) would fit." : "not even one example fits: use smaller pictures or more memory.")
    case .checkpoint(let path, let reason): "The checkpoint \(path) cannot be used: \(reason)."
    }
  }
}
