import Benchmarking
import TestSupport
import Testing

/// A clock that work moves.
private final class Clock {
  var seconds = 0.0
  /// How much slower the machine is by now.
  var slowness = 1.0

  func work(_ secondsEach: Double) -> BlockTimer.Work {
    { launches in self.seconds += Double(launches) * secondsEach * self.slowness }
  }
}

struct BlockTimerTests {
  @Test(arguments: [(1e-6, 5000), (1e-3, 5), (0.1, 1)])
  func blocksHaveEnoughLaunches(secondsEach: Double, least: Int) throws {
    let clock = Clock()
    let timer = BlockTimer(block: 0.005, now: { clock.seconds })
    let launches = try timer.launches(clock.work(secondsEach))
    #expect(launches >= least && launches <= least * 2)
  }

  @Test func workWithoutTimeEnds() throws {
    #expect(try BlockTimer(now: { 0 }).launches { _ in } == 1 << 20)
  }

  @Test func samplesAreSecondsALaunch() throws {
    let clock = Clock()
    let timer = BlockTimer(now: { clock.seconds })
    let samples = try timer.samples(10, count: 3, minimum: 0.5, clock.work(0.01))
    #expect(samples.count == 5)
    #expect(samples.allSatisfy { abs($0 - 0.01) < 1e-9 })
  }

  /// On a machine that grows slower from block to block, B after A would look slower: in turn both lose alike.
  @Test func slowingMachineChangesNoRatio() throws {
    let clock = Clock()
    let timer = BlockTimer(now: { clock.seconds })
    var order = ""
    func block(_ name: String, _ seconds: Double) {
      order += name
      clock.seconds += seconds * clock.slowness
      clock.slowness += 0.01
    }
    var random = SystemRandomNumberGenerator()
    let pairs = try timer.pairs(31, using: &random, a: { block("A", 1) }, b: { block("B", 1.05) })
    for (a, b) in pairs { #expect(abs(b / a - 1.05) < 1e-9) }
    let blocks = stride(from: 0, to: order.count, by: 4).map { order.dropFirst($0).prefix(4) }
    #expect(Set(blocks) == ["ABBA", "BAAB"])
  }

  @Test(arguments: [(100.0, 96.0, false), (100, 94, true), (94, 100, true), (.nan, 100, true)])
  func calibration(before: Double, after: Double, isUnstable: Bool) {
    #expect(Calibration.isUnstable(before, after) == isUnstable)
  }
}
