import Foundation

/// A logarithmic axis: values to places.
struct LogScale {
  let values: ClosedRange<Double>
  let start, end: Double

  /// The place of a value; beyond an end, the end.
  func place(_ value: Double) -> Double {
    let part = log(value / values.lowerBound) / log(values.upperBound / values.lowerBound)
    return start + min(max(part, 0), 1) * (end - start)
  }

  /// The powers of ten within.
  var decades: [Double] {
    let (first, last) = (log10(values.lowerBound), log10(values.upperBound))
    return stride(from: first.rounded(.up), through: last.rounded(.down), by: 1).map { pow(10, $0) }
  }
}
