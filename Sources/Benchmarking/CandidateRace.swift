/// A race of candidates against the incumbent, in rounds that time every one still in it: those that lag behind are dropped,
/// so that the time goes to those that may win.
public struct CandidateRace: Hashable, Sendable {
  /// By candidate: its time over the incumbent's, a round each; of a dropped one, those before.
  public private(set) var ratios: [[Double]]
  public private(set) var survivors: [Int]
  private var rounds = 0

  /// Slower than the incumbent by this in two rounds is out at once.
  private static let hopeless = 1.3
  /// After these rounds the slower half is out.
  private static let halvings: Set = [2, 4]
  /// What the winner's median must be below: less gains nothing that the next run would find again.
  public static let winning = 0.97

  public init(candidates: Int) {
    ratios = [[Double]](repeating: [], count: candidates)
    survivors = Array(0..<candidates)
  }

  /// - round: the ratios of the survivors, in their order
  public mutating func add(_ round: [Double]) {
    precondition(round.count == survivors.count, "Every survivor runs in every round.")
    for (candidate, ratio) in zip(survivors, round) { ratios[candidate].append(ratio) }
    rounds += 1
    survivors.removeAll { candidate in ratios[candidate].count { !($0 <= Self.hopeless) } >= 2 }
    guard Self.halvings.contains(rounds), survivors.count > 2 else { return }
    let sorted = survivors.sorted { median($0) < median($1) }
    survivors = sorted.prefix((sorted.count + 1) / 2).sorted()
  }

  /// Of a candidate's ratios so far; no number before its first round.
  public func median(_ candidate: Int) -> Double {
    let sorted = ratios[candidate].sorted()
    return sorted.isEmpty ? .nan : SampleStatistics.quantile(0.5, of: sorted)
  }

  /// The fastest survivor, where it is faster than the incumbent.
  public var winner: Int? {
    survivors.filter { median($0) < Self.winning }.min { median($0) < median($1) }
  }
}
