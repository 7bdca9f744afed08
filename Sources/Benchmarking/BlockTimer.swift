import Foundation

/// Times blocks of launches: so many that a clock's and a queue's own time do not count.
public struct BlockTimer {
  /// Work that is launched a number of times, and has ended when the call returns.
  public typealias Work = (_ launches: Int) throws -> Void

  /// Seconds that a block takes at least.
  public var block: Double
  private let now: () -> Double

  /// - now: the seconds of a clock that only goes forward
  public init(block: Double = 0.005, now: @escaping () -> Double = BlockTimer.monotonic) {
    self.block = block
    self.now = now
  }

  public static func monotonic() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Seconds of one call with so many launches.
  public func seconds(_ launches: Int, _ work: Work) throws -> Double {
    let start = now()
    try work(launches)
    return now() - start
  }

  /// How many launches fill a block. The work should have run before.
  public func launches(_ work: Work) throws -> Int {
    var launches = 1
    while true {
      let seconds = try seconds(launches, work)
      if seconds >= block || launches >= Self.mostLaunches { return launches }
      // A tenth more than seems needed; at most tenfold, since the first estimates are poor.
      let factor = min(max(1.1 * block / max(seconds, 1e-9), 1.1), 10)
      launches = min(Int((Double(launches) * factor).rounded(.up)), Self.mostLaunches)
    }
  }

  private static let mostLaunches = 1 << 20

  /// Seconds a launch, a sample a block: `count` blocks, and more until `minimum` seconds are spent.
  public func samples(_ launches: Int, count: Int, minimum: Double, _ work: Work) throws -> [Double] {
    var (samples, spent) = ([Double](), 0.0)
    while samples.count < count || (spent < minimum && samples.count < Self.mostSamples) {
      let seconds = try seconds(launches, work)
      spent += seconds
      samples.append(seconds / Double(launches))
    }
    return samples
  }

  private static let mostSamples = 1000

  /// Blocks of two things in turn, A B B A or B A A B, so that a machine that grows slower slows both alike.
  ///
  /// - random: decides which begins a pair
  /// - warmA, warmB: run before each block, untimed, so that no block finds its data nearer than another does
  /// - result: the seconds of two blocks of each, a pair
  public func pairs(
    _ count: Int, using random: inout some RandomNumberGenerator, a: () throws -> Void, b: () throws -> Void,
    warmA: () throws -> Void = {}, warmB: () throws -> Void = {}
  ) throws -> [(a: Double, b: Double)] {
    try (0..<count).map { _ in
      var pair = (a: 0.0, b: 0.0)
      let beginsWithA = Bool.random(using: &random)
      for takesA in [beginsWithA, !beginsWithA, !beginsWithA, beginsWithA] {
        try takesA ? warmA() : warmB()
        let seconds = try seconds(1) { _ in try takesA ? a() : b() }
        if takesA { pair.a += seconds } else { pair.b += seconds }
      }
      return pair
    }
  }
}
