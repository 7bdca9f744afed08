import Foundation
import Pages

/// The scores of a category as an SVG: every picture a dot, good ones above, defective ones below, the threshold a line.
///
/// Places along the axis are percentages, so that words and dots keep their size on a narrow screen.
struct ScorePlot {
  private let section: ReportSection
  private let range: (low: Float, high: Float)
  private let axis = 172.0

  init(_ section: ReportSection) {
    self.section = section
    let values = section.pictures.map(\.score) + [section.threshold]
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let slack = max((high - low) * 0.03, 1e-6)
    range = (low - slack, high + slack)
  }

  var svg: String {
    let x = position(section.threshold)
    // The label stands on the side of the line that has more room.
    let label = x > 50 ? (anchor: "end", shift: -6) : (anchor: "start", shift: 6)
    let (good, bad) = (section.pictures.count { !$0.isDefective }, section.pictures.count(where: \.isDefective))
    return """
      <svg class="scores" width="100%" height="212" role="img" aria-label="Scores of \(good) good and \(bad) defective \
      pictures; the threshold is \(formatted(section.threshold))">
      <rect class="above" x="\(number(x))%" y="8" width="\(number(100 - x))%" height="\(number(axis - 8))"/>
      <text class="band" x="0" y="36">\(good) good</text><text class="band" x="0" y="108">\(bad) defective</text>
      \(dots(defective: false, around: 60))
      \(dots(defective: true, around: 132))
      <line class="axis" x1="0" x2="100%" y1="\(number(axis))" y2="\(number(axis))"/>
      \(ticks)
      <line class="limit" x1="\(number(x))%" x2="\(number(x))%" y1="8" y2="\(number(axis))"/>
      <text class="limit" x="\(number(x))%" dx="\(label.shift)" y="20" text-anchor="\(label.anchor)">threshold \
      \(formatted(section.threshold))</text>
      <text x="100%" y="206" text-anchor="end">score →</text>
      </svg>
      """
  }

  /// In percent of the width.
  private func position(_ score: Float) -> Double {
    Double((score - range.low) / (range.high - range.low)) * 100
  }

  /// Dots that would hide each other are stacked away from the middle of their band.
  private func dots(defective: Bool, around middle: Double) -> String {
    var used: [Int: Int] = [:]
    return section.pictures.filter { $0.isDefective == defective }.sorted { $0.score < $1.score }.map { picture in
      let x = position(picture.score)
      let level = used[Int(x), default: 0]
      used[Int(x)] = level + 1
      let offset = Double((level + 1) / 2) * 8 * (level.isMultiple(of: 2) ? -1 : 1)
      let y = min(max(middle + offset, middle - 34), middle + 34)
      return "<circle class=\"\(defective ? "bad" : "good")\" cx=\"\(number(x))%\" cy=\"\(number(y))\" r=\"4.5\">"
        + "<title>\(escaped(picture.name)): \(formatted(picture.score))</title></circle>"
    }.joined()
  }

  /// Round values: 1, 2 or 5 times a power of ten apart, at most six of them.
  private var ticks: String {
    let span = Double(range.high - range.low)
    let power = Foundation.pow(10, (Foundation.log10(span / 6)).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? span
    let first = (Double(range.low) / step).rounded(.up)
    return (0...6).map { (first + Double($0)) * step }.filter { $0 <= Double(range.high) }.map { value in
      let x = position(Float(value))
      let anchor = x < 3 ? "start" : x > 97 ? "end" : "middle"
      return "<line class=\"axis\" x1=\"\(number(x))%\" x2=\"\(number(x))%\" y1=\"\(number(axis))\" "
        + "y2=\"\(number(axis + 5))\"/><text x=\"\(number(x))%\" y=\"\(number(axis + 19))\" "
        + "text-anchor=\"\(anchor)\">\(String(format: "%.4g", value))</text>"
    }.joined()
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
