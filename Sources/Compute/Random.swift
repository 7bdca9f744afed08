/// What random numbers belong to: equal keys give equal numbers, whatever the device and its threads.
public struct RandomKey: Hashable, Sendable {
  public var seed: UInt64
  /// Which of a step's arrays.
  public var stream: UInt32
  /// Which step of a training, or which sample.
  public var step: UInt32

  public init(seed: UInt64, stream: UInt32 = 0, step: UInt32 = 0) {
    self.seed = seed
    self.stream = stream
    self.step = step
  }

  /// As kernels take them: two words of the seed, stream and step, with the same bits.
  package var words: [Int] {
    [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32), stream, step].map {
      Int(Int32(bitPattern: $0))
    }
  }
}

public enum RandomDistribution: Int32, CaseIterable, Sendable {
  /// Between 0 and 1, neither of them: centres of 2²³ equal intervals.
  case uniform
  /// Mean 0, variance 1, by Box and Muller (1958); |y| < 5.78.
  case normal
}

/// Numbers are those of Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): element i is word
/// i mod 4 of counter (i / 4, 0, stream, step) under the seed as key, so that it depends on nothing else and can be made
/// again in a backward pass. Uniform: (word ≫ 9 + ½) · 2⁻²³. Normal: of a pair of uniform numbers u, v the cosine and sine
/// of 2π v, times √(−2 ln u).
public protocol RandomKernels {
  func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, into y: Storage) throws
  /// Reparameterised sampling (Kingma and Welling 2014, arXiv 1312.6114): `z = mean + e^(logVariance / 2) · ε`, ε normal,
  /// with logVariance clamped to −30 … 20; equal counts.
  func sample(means: Storage, logVariances: Storage, _ key: RandomKey, into z: Storage) throws
  /// The gradient of the logarithm of the variance, `½ · outputGradient · (z − mean)`, 0 beyond the clamp; that of the mean
  /// is `outputGradient` itself.
  func sampleBackward(
    means: Storage, logVariances: Storage, z: Storage, outputGradient: Storage, into gradient: Storage) throws
}
