import Foundation

/// The losses of a training as SVG: lines over steps, validation with dots; the axis is logarithmic where all values are above
/// 0.
struct LossCurve {
  private let series: [LossHistory.Series]
  private let values: ClosedRange<Double>
  private let steps: Int
  private let isLogarithmic: Bool

  private static let (width, height) = (960.0, 540.0)
  private static let (left, right, top, bottom) = (80.0, 740.0, 30.0, 490.0)
  /// A line has at most so many points, each the mean of its steps.
  private static let points = 600
  /// Told apart also by persons who see no red or no green (Okabe and Ito).
  private static let colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b59f00"]

  init(_ history: LossHistory) {
    series = history.series
    let all = series.flatMap(\.values).filter(\.isFinite).map(Double.init)
    let (low, high) = (all.min() ?? 0.1, all.max() ?? 1)
    isLogarithmic = low > 0
    let slack = isLogarithmic ? 1.05 : max((high - low) * 0.05, 1e-6)
    values = isLogarithmic ? low / slack...high * slack : low - slack...high + slack
    steps = max(series.compactMap { $0.steps.last }.max() ?? 1, 1)
  }

  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img">
    <title>Losses over \(steps) steps</title>
    <style>
    svg { font: 12px system-ui, sans-serif } text { fill: #1b1f24 } .paper { fill: #ffffff } .grid { stroke: #d5d9de }
    polyline { fill: none; stroke-width: 1.5; stroke-linejoin: round } .end { text-anchor: end } .middle { text-anchor: middle }
    @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ed } .paper { fill: #14171a } .grid { stroke: #3a4048 }
    }
    </style>
    <rect class="paper" width="100%" height="100%"/>
    \(grid)
    \(series.enumerated().map { line($0.element, number: $0.offset) }.joined(separator: "\n"))
    </svg>

    """
  }

  private var grid: String {
    let rows = valueTicks.map { value in
      let y = Self.number(place(value))
      return
        "<line class=\"grid\" x1=\"\(Self.left)\" x2=\"\(Self.right)\" y1=\"\(y)\" y2=\"\(y)\"/>"
        + "<text class=\"end\" x=\"\(Self.left - 8)\" y=\"\(y)\" dy=\"4\">\(Self.short(value))</text>"
    }
    let columns = Self.ticks(0...Double(steps)).map { step in
      "<text class=\"middle\" x=\"\(Self.number(place(step: step)))\" y=\"\(Self.bottom + 20)\">\(Self.short(step))</text>"
    }
    let name = "<text class=\"middle\" x=\"\((Self.left + Self.right) / 2)\" y=\"\(Self.bottom + 40)\">steps</text>"
    return (rows + columns + [name]).joined(separator: "\n")
  }

  private func line(_ series: LossHistory.Series, number: Int) -> String {
    let colour = Self.colours[number % Self.colours.count]
    let size = max((series.values.count + Self.points - 1) / Self.points, 1)
    let points = stride(from: 0, to: series.values.count, by: size).compactMap { start -> String? in
      let part = start..<min(start + size, series.values.count)
      let mean = series.values[part].reduce(0) { $0 + Double($1) } / Double(part.count)
      let step = series.steps[part].reduce(0) { $0 + Double($1) } / Double(part.count)
      return mean.isFinite ? "\(Self.number(place(step: step))),\(Self.number(place(mean)))" : nil
    }
    let dots =
      series.isValidation
      ? points.map { point in
        let at = point.split(separator: ",")
        return "<circle cx=\"\(at[0])\" cy=\"\(at[1])\" r=\"3\" fill=\"\(colour)\"/>"
      }.joined() : ""
    let last = series.values.last.map { " " + Self.short(Double($0)) } ?? ""
    let name = Self.escaped((series.isValidation ? "validation: " : "") + series.name + last)
    return "<polyline stroke=\"\(colour)\" points=\"\(points.joined(separator: " "))\"/>\(dots)"
      + "<text x=\"\(Self.right + 16)\" y=\"\(Self.number(Self.top + 14 + 20 * Double(number)))\" "
      + "style=\"fill: \(colour)\">\(name)</text>"
  }

  private func place(step: Double) -> Double { Self.left + step / Double(steps) * (Self.right - Self.left) }

  private func place(_ value: Double) -> Double {
    let part =
      isLogarithmic
      ? log(value / values.lowerBound) / log(values.upperBound / values.lowerBound)
      : (value - values.lowerBound) / (values.upperBound - values.lowerBound)
    return Self.bottom - part * (Self.bottom - Self.top)
  }

  private var valueTicks: [Double] {
    let decades = values.upperBound / max(values.lowerBound, .leastNormalMagnitude)
    guard isLogarithmic, decades > 10 else { return Self.ticks(values) }
    let first = Int(log10(values.lowerBound).rounded(.up))
    return stride(from: first, through: Int(log10(values.upperBound)), by: 1).map { pow(10, Double($0)) }
  }

  /// Round values: 1, 2 or 5 times a power of ten apart, at most seven of them.
  private static func ticks(_ range: ClosedRange<Double>) -> [Double] {
    let span = range.upperBound - range.lowerBound
    let power = pow(10, log10(span / 6).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? span
    let first = (range.lowerBound / step).rounded(.up)
    return (0...6).map { (first + Double($0)) * step }.filter { $0 <= range.upperBound }
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }
  private static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;")
  }
}
