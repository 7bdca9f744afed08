import Foundation

/// Random numbers of one case: the same for the same key on every machine (SplitMix64, Steele, Lea and Flood 2014).
public struct CaseRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// - key: what the numbers belong to; a case's text, so that no two cases share their data.
  public init(key: String, seed: UInt64) {
    // FNV-1a: unlike Swift's hashes the same in every process.
    state = key.utf8.reduce(0xCBF2_9CE4_8422_2325 ^ seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [0, 1).
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  public mutating func pick<T>(_ choices: [T]) -> T { choices[int(0...(choices.count - 1))] }

  /// Normal with mean 0 and deviation 1, by Box and Muller.
  public mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}
