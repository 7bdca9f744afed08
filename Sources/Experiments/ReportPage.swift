import Foundation
import Pages

/// One self-contained HTML page: numbers, score distributions with the threshold, and every test picture with its map,
/// mask and verdict, sorted by score. Pictures are embedded; nothing is loaded from a network, and nothing needs scripts.
public struct ReportPage: Sendable {
  private let title: String
  private let facts: [(name: String, value: String)]
  private let mean: [String]
  private let sections: [ReportSection]

  /// - facts: what was run, as name and value: detector, backbone, device, date …
  /// - mean: each figure's mean over the sections, as text; empty for none
  public init(
    title: String, facts: [(name: String, value: String)], mean: [String] = [], sections: [ReportSection]
  ) {
    self.title = title
    self.facts = facts
    self.mean = mean
    self.sections = sections
  }

  public func html() -> String { Page(title: title, style: reportStyle, body: body).html() }

  private var body: String {
    """
    <header>
    <h1>\(escaped(title))</h1>
    \(Page.list(facts, kind: "facts"))
    \(sections.count > 1 ? overview : "")
    </header>
    <main>
    \(sections.enumerated().map { section($1, $0) }.joined(separator: "\n"))
    </main>
    <footer>A picture's score is its largest distance between a patch and the nearest patch of the normal training \
    pictures. The maps of a category share one scale, so that they can be compared by eye: dark is normal, bright is \
    strange. Figures are computed on raw scores and do not depend on the threshold; verdicts do.</footer>
    """
  }

  /// One row a category, linked to its section.
  private var overview: String {
    let names = sections.first?.figures.map(\.name) ?? []
    func cells(_ values: [String]) -> String { values.map { "<td>\(escaped($0))</td>" }.joined() }
    let rows = sections.enumerated().map { index, section in
      "<tr><th scope=\"row\"><a href=\"#\(section.anchor(index))\">\(escaped(section.category))</a></th>"
        + cells(section.figures.map(\.value) + [section.rightVerdicts]) + "</tr>"
    }
    let last =
      mean.isEmpty ? "" : "<tfoot><tr><th scope=\"row\">mean</th>\(cells(mean))<td></td></tr></tfoot>"
    return """
      <div class="scroll" tabindex="0" role="region" aria-label="Figures of all categories"><table class="overview">
      <thead><tr><th scope="col">category</th>\
      \((names + ["verdicts right"]).map { "<th scope=\"col\">\(escaped($0))</th>" }.joined())</tr></thead>
      <tbody>\(rows.joined())</tbody>\(last)
      </table></div>
      """
  }

  private func section(_ section: ReportSection, _ index: Int) -> String {
    """
    <section id="\(section.anchor(index))">
    <h2>\(escaped(section.category))</h2>
    <p class="summary">\(escaped(section.summary))</p>
    \(Page.list(section.figures + [("verdicts right", section.rightVerdicts)], kind: "cards"))
    \(everything(section))
    <h3>Scores</h3>
    \(ScorePlot(section).svg)
    <p class="note">The threshold, \(formatted(section.threshold)), comes from \(escaped(section.thresholdOrigin)).\
    \(section.lowConfidence ? " <strong>Low confidence:</strong> too few normal pictures support it." : "")</p>
    <h3>Pictures, strangest first</h3>
    \(PictureTable(section, name: section.anchor(index)).html)
    </section>
    """
  }

  /// Every metric, folded away.
  private func everything(_ section: ReportSection) -> String {
    guard !section.allFigures.isEmpty else { return "" }
    let rows = section.allFigures.map { figure in
      "<tr><th scope=\"row\">\(escaped(figure.name))</th><td>\(escaped(figure.value))"
        + (figure.reason.map { " (\(escaped($0)))" } ?? "") + "</td></tr>"
    }
    return """
      <details><summary>all \(rows.count) figures</summary><div class="scroll"><table class="overview">\
      <tbody>\(rows.joined())</tbody></table></div></details>
      """
  }
}
