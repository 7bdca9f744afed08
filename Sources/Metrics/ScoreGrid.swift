/// Distinct scores in ascending order, with a table that shortens the search for a value's place among them.
struct ScoreGrid: Sendable {
  let scores: [Float]
  /// For each bucket of integers that sort like scores, the first score that can be reached.
  private let starts: [Int32]
  private let base: UInt32
  private let shift: UInt32

  /// - scores: finite, ascending, without repetition
  init(_ scores: [Float]) {
    precondition(scores.count < Int(Int32.max), "places of scores are 32-bit numbers")
    self.scores = scores
    guard let first = scores.first, let last = scores.last else {
      (starts, base, shift) = ([], 0, 0)
      return
    }
    // About two buckets a score, so that a search takes a step or two wherever the scores lie.
    let range = Self.ordered(last) - Self.ordered(first)
    var shift: UInt32 = 0
    while Int(range >> shift) > 2 * scores.count { shift += 1 }
    var starts = [Int32](repeating: 0, count: Int(range >> shift) + 2)
    var next = 0
    for bucket in starts.indices {
      while next < scores.count, Int((Self.ordered(scores[next]) - Self.ordered(first)) >> shift) < bucket { next += 1 }
      starts[bucket] = Int32(next)
    }
    (self.starts, base, self.shift) = (starts, Self.ordered(first), shift)
  }

  /// The float's bits as an integer that sorts like it.
  static func ordered(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  /// Calls `body` with the grid's arrays as pointers: the loops inside see every normal pixel of a data set.
  func withSearch<Result>(_ body: (Search) throws -> Result) rethrows -> Result {
    try scores.withUnsafeBufferPointer { scores in
      try starts.withUnsafeBufferPointer { starts in
        try body(Search(scores: scores, starts: starts, base: base, shift: shift))
      }
    }
  }

  struct Search {
    fileprivate let scores: UnsafeBufferPointer<Float>
    fileprivate let starts: UnsafeBufferPointer<Int32>
    fileprivate let base: UInt32
    fileprivate let shift: UInt32

    /// Where the value's place is to be looked for.
    ///
    /// - value: finite, and no negative zero
    @inline(__always)
    func range(_ value: Float) -> Range {
      let ordered = ScoreGrid.ordered(value)
      guard !scores.isEmpty, ordered >= base else { return Range(low: 0, high: 0) }
      let bucket = Int((ordered - base) >> shift)
      guard bucket + 1 < starts.count else { return Range(low: Int32(scores.count), high: Int32(scores.count)) }
      return Range(low: starts[bucket], high: starts[bucket + 1])
    }

    /// The first score that is not below the value, and whether it equals it; the number of scores when all are below.
    @inline(__always)
    func place(_ value: Float, in range: Range) -> (index: Int, isEqual: Bool) {
      var (low, high) = (Int(range.low), Int(range.high))
      while low < high {
        let middle = (low + high) / 2
        if scores[middle] < value { low = middle + 1 } else { high = middle }
      }
      return (low, low < scores.count && scores[low] == value)
    }
  }

  struct Range {
    fileprivate let low: Int32
    fileprivate let high: Int32
  }
}
