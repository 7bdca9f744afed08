import Benchmarking
import Foundation

/// The roofline of one variant as SVG: cases by their intensity and rate, below what the device was measured to do.
///
/// Dots have areas by the part of the time that their cases take, and numbers as in the list beside; a hollow dot is where
/// an earlier run stood, with a line to where the case is now.
struct RooflinePlot {
  struct Dot {
    let name: String
    let operation: String
    /// Floating-point operations a byte, and 10⁹ of them a second.
    let intensity: Double
    let rate: Double
    let earlierRate: Double?
    /// Of the time of all cases.
    let share: Double
    let percentOfRoof: Double
  }

  let title: String
  let roofs: Roofs
  let dots: [Dot]
  /// Cases without arithmetic, which have no place here.
  let omitted: Int

  private static let (width, height, listWidth) = (1280.0, 720.0, 430.0)
  /// Told apart also by persons who see no red or no green (Okabe and Ito).
  private static let colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#b59f00"]

  private var x: LogScale { LogScale(values: 0.06...1000, start: 70, end: Self.width - Self.listWidth - 20) }
  private var y: LogScale {
    let rates = dots.flatMap { [$0.rate, $0.earlierRate ?? $0.rate] }
    let least = min(rates.min() ?? 1, roofs.memoryBandwidth * 0.06)
    return LogScale(
      values: pow(10, log10(least).rounded(.down))...max(roofs.multiplyAdd * 3, (rates.max() ?? 0) * 1.3),
      start: Self.height - 60, end: 50)
  }

  var svg: String {
    let body = [frame, ceilings] + dots.enumerated().map { dot($0.element, number: $0.offset + 1) } + [list]
    return """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" role="img">
      <title>\(Self.escaped(title))</title>
      <style>\(Self.style)</style>
      <rect class="paper" width="100%" height="100%"/>
      \(body.joined(separator: "\n"))
      </svg>

      """
  }

  private static let style = """

    svg { font: 12px system-ui, sans-serif } text { fill: #1b1f24 } .paper { fill: #ffffff }
    .grid { stroke: #d5d9de } .roof { stroke: #1b1f24; stroke-width: 2 }
    .move { stroke: #1b1f24; stroke-dasharray: 3 3 }
    @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ed } .paper { fill: #14171a } .grid { stroke: #3a4048 } .roof, .move { stroke: #e6e9ed }
    }
    .number { font-size: 10px; text-anchor: middle; fill: #000000 }
    .title { font-size: 15px } .end { text-anchor: end } .middle { text-anchor: middle }

    """

  private var frame: String {
    let vertical = x.decades.map { value in
      Self.line("grid", x.place(value), y.start, x.place(value), y.end)
        + Self.text("middle", x.place(value), y.start + 18, Self.short(value))
    }
    let horizontal = y.decades.map { value in
      Self.line("grid", x.start, y.place(value), x.end, y.place(value))
        + Self.text("end", x.start - 8, y.place(value) + 4, Self.short(value))
    }
    let labels = [
      Self.text("title", x.start, 28, title),
      Self.text("middle", (x.start + x.end) / 2, Self.height - 14, "floating-point operations a byte"),
      Self.text("", 8, y.end - 8, "GFLOP/s"),
    ]
    return (vertical + horizontal + labels).joined(separator: "\n")
  }

  /// Arithmetic from where memory, or the caches, can feed it; below, their bandwidths.
  private var ceilings: String {
    let top = y.place(roofs.multiplyAdd)
    let peak =
      Self.line("roof", x.place(roofs.multiplyAdd / roofs.cacheBandwidth), top, x.end, top)
      + Self.text("end", x.end, top - 8, "multiply-add \(Self.short(roofs.multiplyAdd)) GFLOP/s")
    return peak + "\n" + bandwidth("cache", roofs.cacheBandwidth, above: true) + "\n"
      + bandwidth("DRAM", roofs.memoryBandwidth, above: false)
  }

  private func bandwidth(_ name: String, _ bytes: Double, above: Bool) -> String {
    let ridge = roofs.multiplyAdd / bytes
    let start = max(x.values.lowerBound, y.values.lowerBound / bytes)
    let (left, right) = ((x.place(start), y.place(start * bytes)), (x.place(ridge), y.place(roofs.multiplyAdd)))
    let angle = atan2(right.1 - left.1, right.0 - left.0) * 180 / .pi
    let (labelX, labelY) = (left.0 + 0.2 * (right.0 - left.0), left.1 + 0.2 * (right.1 - left.1))
    let label =
      "<text transform=\"translate(\(Self.number(labelX)) \(Self.number(labelY))) rotate(\(Self.number(angle)))\" "
      + "dy=\"\(above ? -7 : 16)\">\(name) \(Self.short(bytes)) GB/s</text>"
    return Self.line("roof", left.0, left.1, right.0, right.1) + label
  }

  private func dot(_ dot: Dot, number: Int) -> String {
    let (px, py) = (x.place(dot.intensity), y.place(dot.rate))
    let radius = 4 + 26 * dot.share.squareRoot()
    let colour = colour(of: dot.operation)
    var parts: [String] = []
    if let earlier = dot.earlierRate {
      let from = y.place(earlier)
      parts.append(Self.line("move", px, from, px, py))
      parts.append(Self.circle(px, from, radius, "fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\""))
    }
    let words = String(
      format: "%d: %@, %.1f GFLOP/s, %.0f %% of the roof", number, dot.name, dot.rate, dot.percentOfRoof)
    parts.append(
      Self.circle(px, py, radius, "fill=\"\(colour)\" fill-opacity=\"0.75\"", title: words))
    parts.append(Self.text("number", px, py + 3.5, "\(number)"))
    return parts.joined(separator: "\n")
  }

  private var list: String {
    let left = Self.width - Self.listWidth
    let step = min(18, (Self.height - 90) / Double(max(dots.count, 1)))
    var lines = dots.enumerated().map { index, dot in
      let line = String(format: "%d  %.0f %%  %@", index + 1, dot.percentOfRoof, dot.name)
      return "<text x=\"\(Self.number(left))\" y=\"\(Self.number(54 + Double(index) * step))\" "
        + "font-size=\"\(Self.number(min(11, step - 1)))\" style=\"fill: \(colour(of: dot.operation))\">"
        + "\(Self.escaped(line))</text>"
    }
    lines.append(Self.text("", left, 28, "case, part of its binding roof, and what it is"))
    if omitted > 0 {
      lines.append(Self.text("", left, Self.height - 14, "\(omitted) cases without arithmetic are not shown"))
    }
    return lines.joined(separator: "\n")
  }

  private func colour(of operation: String) -> String {
    let names = Set(dots.map(\.operation)).sorted()
    return Self.colours[(names.firstIndex(of: operation) ?? 0) % Self.colours.count]
  }

  private static func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
    "<line class=\"\(name)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>"
  }

  private static func circle(
    _ x: Double, _ y: Double, _ radius: Double, _ attributes: String, title: String = ""
  ) -> String {
    "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\" \(attributes)>"
      + "<title>\(escaped(title))</title></circle>"
  }

  private static func text(_ name: String, _ x: Double, _ y: Double, _ text: String) -> String {
    "<text class=\"\(name)\" x=\"\(number(x))\" y=\"\(number(y))\">\(escaped(text))</text>"
  }

  private static func number(_ value: Double) -> String { String(format: "%.1f", value) }

  private static func short(_ value: Double) -> String { String(format: value < 10 ? "%.3g" : "%.0f", value) }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;")
  }
}
