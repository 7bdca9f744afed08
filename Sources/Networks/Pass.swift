public import Compute
public import Tensors

/// How a network is run: what is recorded, and whether layers behave as in training.
public struct Pass {
  /// nil where no gradient is wanted.
  public var tape: Tape?
  /// Whether batch normalisation uses the batch's own statistics and updates the running ones.
  public var isTraining: Bool
  /// What this pass draws random numbers from; each place that draws takes a stream of its own.
  public var key: RandomKey
  /// Whether running statistics are left alone: a part is computed a second time on the way back.
  public var isRepeated = false

  public init(tape: Tape? = nil, isTraining: Bool = false, key: RandomKey = RandomKey(seed: 0)) {
    self.tape = tape
    self.isTraining = isTraining
    self.key = key
  }

  /// Evaluation without gradients.
  public static var inference: Pass { Pass() }
}
