import Foundation

/// One self-contained HTML page: numbers, score distributions with the threshold, and every test picture with its map,
/// mask and verdict, sorted by score. Pictures are embedded; nothing is loaded from a network.
public struct ReportPage: Sendable {
  private let title: String
  private let facts: [(name: String, value: String)]
  private let sections: [ReportSection]

  /// - facts: what was run, as name and value: detector, backbone, device, date …
  public init(title: String, facts: [(name: String, value: String)], sections: [ReportSection]) {
    self.title = title
    self.facts = facts
    self.sections = sections
  }

  public func html() -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    \(reportStyle)
    </style>
    </head>
    <body>
    <header>
    <h1>\(escaped(title))</h1>
    <dl class="facts">\(facts.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }.joined())</dl>
    \(sections.count > 1 ? overview : "")
    </header>
    <main>
    \(sections.map(section).joined(separator: "\n"))
    </main>
    <footer>Scores are distances to the nearest normal patch; higher is stranger. Heat maps share one scale over all \
    pictures of a category: dark is normal, bright is anomalous, and the white line is the threshold. \
    The cyan line is the mask of the ground truth.</footer>
    </body>
    </html>
    """
  }

  /// One row a category, linked to its section.
  private var overview: String {
    let names = sections.first?.figures.map(\.name) ?? []
    let rows = sections.map { section in
      "<tr><td><a href=\"#\(anchor(section))\">\(escaped(section.category))</a></td>"
        + section.figures.map { "<td>\(escaped($0.value))</td>" }.joined() + "</tr>"
    }
    return """
      <div class="scroll"><table class="overview">
      <thead><tr><th>category</th>\(names.map { "<th>\(escaped($0))</th>" }.joined())</tr></thead>
      <tbody>\(rows.joined())</tbody>
      </table></div>
      """
  }

  private func section(_ section: ReportSection) -> String {
    let right = section.pictures.count { $0.verdict.isRight }
    let sorted = section.pictures.sorted { ($1.score, $0.name) < ($0.score, $1.name) }
    return """
      <section id="\(anchor(section))">
      <h2>\(escaped(section.category))</h2>
      <div class="cards">\(section.figures.map(card).joined())\
      \(card(("right verdicts", "\(right) of \(section.pictures.count)")))</div>
      <h3>Scores</h3>
      \(ScorePlot(section).svg)
      <p class="note">Threshold \(formatted(section.threshold)): \(escaped(section.thresholdOrigin)).\
      \(section.lowConfidence ? " <strong>Low confidence:</strong> too few normal pictures support it." : "")</p>
      <h3>Pictures, strangest first</h3>
      <div class="pictures" role="table">
      \(sorted.map(row).joined(separator: "\n"))
      </div>
      </section>
      """
  }

  private func card(_ figure: (name: String, value: String)) -> String {
    "<div class=\"card\"><b>\(escaped(figure.value))</b><span>\(escaped(figure.name))</span></div>"
  }

  private func row(_ picture: ReportPicture) -> String {
    func image(_ data: Data, _ role: String) -> String {
      "<figure><img loading=\"lazy\" src=\"\(dataURI(data))\" alt=\"\(role) of \(escaped(picture.name))\">"
        + "<figcaption>\(role)</figcaption></figure>"
    }
    return """
      <article class="\(picture.verdict.isRight ? "right" : "wrong")" role="row">
      <div class="words"><b class="score">\(formatted(picture.score))</b>\
      <span class="verdict">\(picture.verdict.isRight ? "✓" : "✗") \(picture.verdict.rawValue)</span>\
      <span class="name">\(escaped(picture.name))</span></div>
      \(image(picture.picture, "picture"))\(image(picture.overlay, "map"))\
      \(picture.mask.map { image($0, "mask") } ?? "<figure class=\"none\"><figcaption>no mask</figcaption></figure>")
      </article>
      """
  }

  private func anchor(_ section: ReportSection) -> String {
    "category-" + section.category.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
  }
}

/// Four significant digits.
func formatted(_ value: Float) -> String { String(format: "%.4g", Double(value)) }
