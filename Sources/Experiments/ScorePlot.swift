import Foundation

/// The scores of a category as an SVG: every picture a dot, good ones above, defective ones below, the threshold a line.
struct ScorePlot {
  private let section: ReportSection
  private let width = 960.0
  private let height = 200.0
  private let margin = 70.0

  init(_ section: ReportSection) { self.section = section }

  var svg: String {
    let x = position(section.threshold)
    // The label stands on the side of the line that has more room.
    let side = x > width / 2 ? (anchor: "end", shift: -6.0) : (anchor: "start", shift: 6.0)
    return """
      <svg viewBox="0 0 \(number(width)) \(number(height))" role="img" aria-label="Scores of good and defective pictures">
      <text x="0" y="62">good</text><text x="0" y="132">defective</text>
      <line x1="\(number(margin))" x2="\(number(width - 10))" y1="165" y2="165" stroke="var(--line)"/>
      \(ticks)
      \(dots(defective: false, around: 58, fill: "var(--good)"))
      \(dots(defective: true, around: 128, fill: "var(--bad)"))
      <line x1="\(number(x))" x2="\(number(x))" y1="14" y2="165" stroke="var(--ink)" stroke-dasharray="5 4"/>
      <text x="\(number(x + side.shift))" y="20" text-anchor="\(side.anchor)">threshold \(formatted(section.threshold))</text>
      </svg>
      """
  }

  private var range: (low: Float, high: Float) {
    let values = section.pictures.map(\.score) + [section.threshold]
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let slack = max((high - low) * 0.04, 1e-6)
    return (low - slack, high + slack)
  }

  private func position(_ score: Float) -> Double {
    let (low, high) = range
    return margin + Double((score - low) / (high - low)) * (width - margin - 10)
  }

  /// Dots that would hide each other are stacked away from the middle of their band.
  private func dots(defective: Bool, around middle: Double, fill: String) -> String {
    var used: [Int: Int] = [:]
    return section.pictures.filter { $0.isDefective == defective }.sorted { $0.score < $1.score }.map { picture in
      let x = position(picture.score)
      let level = used[Int(x / 9), default: 0]
      used[Int(x / 9)] = level + 1
      let offset = Double((level + 1) / 2) * 9 * (level.isMultiple(of: 2) ? -1 : 1)
      let y = min(max(middle + offset, middle - 32), middle + 32)
      return "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"4.5\" fill=\"\(fill)\" fill-opacity=\".75\">"
        + "<title>\(escaped(picture.name)): \(formatted(picture.score))</title></circle>"
    }.joined()
  }

  private var ticks: String {
    let (low, high) = range
    return (0...5).map { step in
      let value = low + (high - low) * Float(step) / 5
      let x = position(value)
      return "<line x1=\"\(number(x))\" x2=\"\(number(x))\" y1=\"165\" y2=\"170\" stroke=\"var(--line)\"/>"
        + "<text x=\"\(number(x))\" y=\"186\" text-anchor=\"\(step == 5 ? "end" : "middle")\">"
        + String(format: "%.3g", Double(value)) + "</text>"
    }.joined()
  }

  private func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
