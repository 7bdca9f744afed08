import Benchmarking
import Foundation
import Testing

/// Times as a shared machine gives them: its speed drifts and jumps, and single blocks are disturbed. Medians of 31 ratios of
/// A with itself then differ by some 0.2 %, as they were seen to do on two virtual cores.
private struct NoisyMachine {
  private var random: RandomNumbers
  private var seconds = 0.0
  private var speed = 1.0
  private(set) var now = 0.0

  init(seed: UInt64) { random = RandomNumbers(state: seed) }

  mutating func block(_ seconds: Double) {
    speed = min(max(speed * exp(0.006 * (random.uniform() - 0.5)), 0.5), 2)
    if random.uniform() < 0.003 { speed = 0.5 + 1.5 * random.uniform() }
    let disturbance = random.uniform() < 0.02 ? 1 + 0.5 * random.uniform() : 1
    now += seconds * speed * disturbance * (1 + 0.004 * (random.uniform() - 0.5))
  }
}

/// The same numbers in every run: SplitMix64.
private struct RandomNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

struct PlantedSlowdownTests {
  /// As `kernel-bench ab`: 31 pairs in turn with as many of the control, and more in later attempts; the threshold of arithmetic.
  private func verdict(slowdown: Double, seed: UInt64) throws -> PairedRatios.Verdict {
    var machine = NoisyMachine(seed: seed)
    var random = RandomNumbers(state: seed &* 31)
    return try PairedRatios.settled { attempt in
      let timer = BlockTimer(now: { machine.now })
      var (controls, ratios) = ([Double](), [Double]())
      for _ in 0..<(31 * (attempt + 1)) {
        func ratio(_ b: Double) throws -> Double {
          let pair = try timer.pairs(1, using: &random, a: { machine.block(1) }, b: { machine.block(b) })[0]
          return pair.b / pair.a
        }
        controls.append(try ratio(1))
        ratios.append(try ratio(slowdown))
      }
      return PairedRatios(ratios).verdict(threshold: 0.03, control: PairedRatios(controls))
    }
  }

  @Test func fivePercentAreFoundNineteenTimesOfTwenty() throws {
    let verdicts = try (1...20).map { try verdict(slowdown: 1.05, seed: $0) }
    #expect(verdicts.count { $0 == .slower } >= 19, "\(verdicts)")
  }

  @Test(
    arguments: [
      ([.slower, .slower], .slower, 2), ([.slower, .same], .same, 2), ([.slower, .tooNoisy, .slower], .slower, 3),
      ([.tooNoisy, .tooNoisy, .tooNoisy], .tooNoisy, 3), ([.tooNoisy, .faster], .faster, 2),
      ([.ambiguous, .ambiguous, .ambiguous], .ambiguous, 3), ([.slower, .ambiguous, .slower], .slower, 3),
      ([.ambiguous, .same], .same, 2),
    ] as [([PairedRatios.Verdict], PairedRatios.Verdict, Int)])
  func badVerdictsMustComeAgain(attempts: [PairedRatios.Verdict], settled: PairedRatios.Verdict, count: Int) {
    var made = 0
    let verdict = PairedRatios.settled { number in
      #expect(number == made)
      made += 1
      return attempts[made - 1]
    }
    #expect(verdict == settled && made == count)
  }

  @Test func equalThingsAreNeverCalledSlower() throws {
    let verdicts = try (1...100).map { try verdict(slowdown: 1, seed: $0) }
    #expect(!verdicts.contains(.slower), "\(verdicts)")
  }
}
