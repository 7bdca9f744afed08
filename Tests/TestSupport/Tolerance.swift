public import Testing

/// How far a float32 result may lie from the exact one, as a sum of parts; each test says why its own suffices.
public struct Tolerance: Sendable {
  /// Half a unit in the last place of 1: the largest relative error of one rounding.
  public static let unit = 0x1p-24

  /// In units: of each reference value, and of the largest finite one in the tensor.
  public var ofEach = 0.0
  public var ofLargest = 0.0
  /// Plain, for results that vanish.
  public var absolute = 0.0

  public init(ofEach: Double = 0, ofLargest: Double = 0, absolute: Double = 0) {
    self.ofEach = ofEach
    self.ofLargest = ofLargest
    self.absolute = absolute
  }

  /// Bit for bit, but for the sign of zero.
  public static let exact = Tolerance()

  /// A sum of `depth` products of data with random signs: rounding errors add up like a random walk of `√depth` steps,
  /// each below one unit of the sum. Twice that, and four units for bias, residual and the rounded reference.
  public static func sum(depth: Int) -> Tolerance {
    Tolerance(ofLargest: 4 + 2 * Double(depth).squareRoot())
  }

  /// The largest error as a part of what is allowed: at most 1 when all is well, NaN when a result is NaN.
  public func excess(_ found: [Float], _ expected: [Float]) -> Double {
    let largest = expected.reduce(0.0) { $1.isFinite ? max($0, abs(Double($1))) : $0 }
    return largestExcess(found, expected) {
      Self.unit * (ofEach * abs(Double(expected[$0])) + ofLargest * largest) + absolute
    }
  }
}

/// The largest error as a part of what `allowed` says for each index; NaN when anything but the reference is NaN.
public func largestExcess(_ found: [Float], _ expected: [Float], allowed: (Int) -> Double) -> Double {
  guard found.count == expected.count else { return .infinity }
  var worst = 0.0
  for index in found.indices where found[index] != expected[index] {
    let part = abs(Double(found[index]) - Double(expected[index])) / allowed(index)
    guard !part.isNaN else { return .nan }
    worst = max(worst, part)
  }
  return worst
}

/// Expects each value within the tolerance of its reference; NaN never passes.
public func expectEqual(
  _ found: [Float], _ expected: [Float], within tolerance: Tolerance, _ comment: @autoclosure () -> String = "values",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let excess = tolerance.excess(found, expected)
  #expect(
    excess <= 1, "\(comment()): the largest error is \(excess) of what is allowed, \(found.count) values",
    sourceLocation: sourceLocation)
}
