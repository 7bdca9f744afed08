import Foundation

/// Half a unit in the last place of 1: the largest relative error of one rounding to Float32.
public let unit = 0x1p-24

/// The distance from |x| to the next Float32, that of the smallest normal number at least.
public func ulp(_ x: Double) -> Double {
  guard x.isFinite, abs(x) < Double(Float.greatestFiniteMagnitude) else { return 0 }
  return Double(max(Float(abs(x)), Float.leastNormalMagnitude).ulp)
}

/// What an output must hold.
public enum Expected: Sendable {
  /// - values: in Double, from the same Float32 inputs
  /// - allowed: how far each may be off; 0 for the same bits (but for the sign of zero)
  /// - rms: the largest rms(error) / rms(values), where there are enough elements for it to mean something
  case floats([Double], allowed: [Double], rms: Double? = nil)
  /// - wrong: positions of a found array that are not acceptable
  case integers([Int32], wrong: @Sendable ([Int32]) -> [Int])

  /// Values that must be met to the bit.
  static func exact(_ values: [Double]) -> Expected {
    .floats(values, allowed: [Double](repeating: 0, count: values.count))
  }

  static func exact(_ values: [Int32]) -> Expected {
    .integers(values) { found in found.indices.filter { found[$0] != values[$0] } }
  }

  /// - allowed: from each value
  static func each(_ values: [Double], _ allowed: (Double) -> Double) -> Expected {
    .floats(values, allowed: values.map(allowed))
  }
}

/// Sums of products in Double, with the sums of the terms' magnitudes that their errors are measured by.
struct Sums {
  var values: [Double] = []
  var magnitudes: [Double] = []

  mutating func append(_ value: Double, _ magnitude: Double) {
    values.append(value)
    magnitudes.append(magnitude)
  }

  /// Errors of a Float32 sum of `length` terms are a random walk of √length steps of at most one unit of the partial
  /// sum: 4 · u · √length · Σ|terms| for each element and 2 ulp for the last roundings; 4 · 0.3 · u · √length in the
  /// root mean square of many (0.3: the deviation of one rounding in units).
  ///
  /// - isIndependent: whether terms have independent signs or one sign; where they cancel in every output alike, the
  ///   root mean square of the values says nothing of the errors.
  func expected(length: Int, exact: Bool, isIndependent: Bool = true) -> Expected {
    guard !exact else { return .exact(values) }
    let root = Double(length).squareRoot()
    let allowed = zip(values, magnitudes).map { 4 * unit * root * $1 + 2 * ulp($0) }
    let rms = values.count >= 64 && isIndependent ? 1.2 * unit * (Double(length) + 2).squareRoot() : nil
    return .floats(values, allowed: allowed, rms: rms)
  }
}
