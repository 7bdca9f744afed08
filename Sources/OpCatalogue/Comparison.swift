public import Compute

/// How an output compares with what was expected.
public struct Comparison: Sendable {
  /// The largest error as a part of what is allowed; infinite when something exact differs or a NaN is misplaced.
  public var ratio = 0.0
  /// rms(error) / rms(expected), and its bound where there is one.
  public var rms = 0.0
  public var rmsBound: Double?
  public var wrong: [Int] = []
  public var nanMismatches = 0
  public var worst: (index: Int, found: Double, expected: Double)?
  /// More than nine tenths of the expected values are equal: agreement means little.
  public var isUniform = false

  /// The larger of both errors as parts of their bounds.
  public var excess: Double { max(ratio, rmsBound.map { rms / $0 } ?? 0) }

  public var passed: Bool { wrong.isEmpty && ratio <= 1 && (rmsBound.map { rms <= $0 } ?? true) }

  /// Of nothing.
  init() {}

  public init(_ found: HostArray, _ expected: Expected) {
    switch (found, expected) {
    case (.floats(let found), .floats(let values, let allowed, let rms)): compare(found, values, allowed, rms)
    case (.integers(let found), .integers(let values, let wrong)):
      self.wrong = found.count == values.count ? wrong(found) : Array(values.indices)
      if let first = self.wrong.first, found.indices.contains(first) {
        worst = (first, Double(found[first]), Double(values[first]))
        ratio = .infinity
      }
      isUniform = Self.isUniform(values.map(Double.init))
    default: preconditionFailure("A case's outputs and references are of different types.")
    }
  }

  private mutating func compare(_ found: [Float], _ values: [Double], _ allowed: [Double], _ rmsBound: Double?) {
    guard found.count == values.count else {
      wrong = Array(values.indices)
      ratio = .infinity
      return
    }
    var (errors, squares) = (0.0, 0.0)
    for index in found.indices {
      let (x, value) = (Double(found[index]), values[index])
      let part = Self.part(x, value, allowed[index])
      if !(part <= 1) { wrong.append(index) }
      if x.isNaN != value.isNaN, part > 0 { nanMismatches += 1 }
      if !(part <= ratio) || worst == nil {
        ratio = max(ratio, part.isNaN ? .infinity : part)
        worst = (index, x, value)
      }
      if value.isFinite, x.isFinite {
        errors += (x - value) * (x - value)
        squares += value * value
      }
    }
    rms = errors > 0 ? (errors / squares).squareRoot() : 0
    self.rmsBound = rmsBound
    isUniform = Self.isUniform(values)
  }

  /// An error as a part of the allowed one. NaN and infinities must be where the reference has them, and nowhere else but
  /// where a finite value may be off without limit; beyond Float32's range infinity is right.
  private static func part(_ x: Double, _ value: Double, _ allowed: Double) -> Double {
    if x == value || (x.isNaN && value.isNaN) || (allowed == .infinity && value.isFinite) { return 0 }
    if x.isNaN || value.isNaN || value.isInfinite { return .infinity }
    let largest = Double(Float.greatestFiniteMagnitude)
    if x.isInfinite { return abs(value) + allowed >= largest && (x > 0) == (value > 0) ? 0 : .infinity }
    let error = abs(x - value)
    return allowed > 0 ? error / allowed : .infinity
  }

  private static func isUniform(_ values: [Double]) -> Bool {
    guard values.count > 10 else { return false }
    var counts: [Double: Int] = [:]
    for value in values where !value.isNaN { counts[value, default: 0] += 1 }
    return Double(counts.values.max() ?? values.count) > 0.9 * Double(values.count)
  }

  /// Which coordinates the wrong elements have in common: "27 of 81 wrong, all with axis 2 = 4".
  public func pattern(_ shape: Shape) -> String {
    guard let first = wrong.first else { return "" }
    var parts = ["\(wrong.count) of \(shape.count) wrong"]
    if nanMismatches > 0 { parts.append("\(nanMismatches) NaN misplaced") }
    for (axis, extent) in shape.extents.enumerated() where extent > 1 {
      let stride = shape.extents[(axis + 1)...].reduce(1, *)
      let coordinates = Set(wrong.map { $0 / stride % extent })
      if coordinates.count == 1 { parts.append("all with axis \(axis) = \(first / stride % extent)") }
    }
    return parts.joined(separator: ", ")
  }
}
