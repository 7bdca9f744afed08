public import Compute

/// Which candidate it is, and what its draws belong to: equal seeds, rounds and indices give equal draws on every device, however
/// many candidates there are.
public struct CandidateKey: Codable, Hashable, Sendable {
  /// From 0.
  public let round, index: Int
  /// Of this candidate alone.
  public let seed: UInt64

  /// What is drawn for a candidate.
  public enum Purpose: UInt32, Sendable {
    case latent = 1, crops, noise
  }

  /// - seed: of the whole run
  public init(seed: UInt64, round: Int, index: Int) {
    (self.round, self.index) = (round, index)
    var random = PhiloxStream(
      RandomKey(
        seed: seed, stream: 0x4341_4E44 ^ UInt32(truncatingIfNeeded: round), step: UInt32(truncatingIfNeeded: index)))
    self.seed = random.next()
  }

  /// - step: of a refinement
  public func random(_ purpose: Purpose, step: Int = 0) -> RandomKey {
    RandomKey(seed: seed, stream: purpose.rawValue, step: UInt32(truncatingIfNeeded: step))
  }
}
