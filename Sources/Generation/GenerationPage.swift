public import Foundation
import Pages

/// What was generated, as one self-contained page: every shot beside what came of it, then what was rejected, and why.
public struct GenerationPage: Sendable {
  /// A picture and the words below it.
  public struct Tile: Sendable {
    public let caption: String
    /// JPEG or PNG.
    public let data: Data

    public init(caption: String, data: Data) {
      self.caption = caption
      self.data = data
    }
  }

  /// A shot and the pictures that were drawn around it.
  public struct Family: Sendable {
    public let shot: Tile
    public let accepted: [Tile]

    public init(shot: Tile, accepted: [Tile]) {
      self.shot = shot
      self.accepted = accepted
    }
  }

  /// A measure with how to read it.
  public struct Figure: Sendable {
    public let name: String
    public let value: String
    public let meaning: String

    public init(name: String, value: String, meaning: String) {
      self.name = name
      self.value = value
      self.meaning = meaning
    }
  }

  public var title: String
  public var facts: [(name: String, value: String)]
  public var figures: [Figure]
  public var families: [Family]
  public var rejected: [Tile]

  public init(
    title: String, facts: [(name: String, value: String)], figures: [Figure], families: [Family], rejected: [Tile]
  ) {
    self.title = title
    self.facts = facts
    self.figures = figures
    self.families = families
    self.rejected = rejected
  }

  public func html() -> String {
    Page(
      title: title, style: Self.style,
      body: """
        <header>
        <h1>\(escaped(title))</h1>
        \(Page.list(facts, kind: "facts"))
        </header>
        <main>
        \(measures)
        <section>
        <h2>Accepted</h2>
        \(families.map(row).joined(separator: "\n"))
        </section>
        \(rejections)
        </main>
        <footer>Generated pictures are good ones: detectors learn from them beside the real ones, and thresholds come from real \
        ones alone. The first picture of a row is real.</footer>
        """
    ).html()
  }

  private var measures: String {
    guard !figures.isEmpty else { return "" }
    let rows = figures.map {
      "<tr><th scope=\"row\">\(escaped($0.name))</th><td>\(escaped($0.value))</td><td class=\"meaning\">"
        + "\(escaped($0.meaning))</td></tr>"
    }
    return """
      <section>
      <h2>Measures</h2>
      <div class="scroll"><table class="overview"><tbody>\(rows.joined())</tbody></table></div>
      </section>
      """
  }

  private func row(_ family: Family) -> String {
    "<div class=\"tiles\">\(figure(family.shot, "real"))\(family.accepted.map { figure($0, "accepted") }.joined())</div>"
  }

  private var rejections: String {
    guard !rejected.isEmpty else { return "" }
    return """
      <section>
      <h2>Rejected</h2>
      <div class="tiles">\(rejected.map { figure($0, "rejected") }.joined())</div>
      </section>
      """
  }

  private func figure(_ tile: Tile, _ kind: String) -> String {
    "<figure class=\"\(kind)\"><img loading=\"lazy\" decoding=\"async\" src=\"\(dataURI(tile.data))\" "
      + "alt=\"\(escaped(tile.caption))\"><figcaption>\(escaped(tile.caption))</figcaption></figure>"
  }

  private static let style = """
      .overview .meaning { text-align: left; white-space: normal; color: var(--soft); min-width: 20rem; }
      .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .75rem; margin: 0 0 2rem; }
      figure { margin: 0; background: var(--raised); border-radius: .6rem; padding: .4rem; border-top: 4px solid var(--line); }
      figure.real { border-top-color: var(--ink); }
      figure.accepted { border-top-color: var(--good); }
      figure.rejected { border-top-color: var(--bad); }
      figure img { display: block; width: 100%; border-radius: .35rem; }
      figcaption { color: var(--soft); font-size: .8125rem; padding: .4rem .2rem .1rem; overflow-wrap: anywhere;
        font-variant-numeric: tabular-nums; }
      @media print { figure { break-inside: avoid; } }
    """
}
