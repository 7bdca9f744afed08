import Foundation
import Pages

/// The pictures of a category, strangest first, with a line where the threshold lies and buttons to show some of them.
struct PictureTable {
  private let section: ReportSection
  private let name: String

  /// - name: unique in the page: the buttons' group
  init(_ section: ReportSection, name: String) {
    self.section = section
    self.name = name
  }

  var html: String {
    let sorted = section.pictures.sorted { ($1.score, $0.name) < ($0.score, $1.name) }
    let above = sorted.filter { $0.score > section.threshold }
    return """
      \(filters)
      \(legend)
      <table class="pictures">
      <thead><tr><th scope="col">verdict</th><th scope="col">picture</th><th scope="col">map</th>\
      <th scope="col">mask</th></tr></thead>
      <tbody>
      \(above.map(row).joined(separator: "\n"))
      <tr class="threshold"><td colspan="4">threshold \(formatted(section.threshold)): defective above, good \
      below</td></tr>
      \(sorted.dropFirst(above.count).map(row).joined(separator: "\n"))
      </tbody>
      </table>
      """
  }

  /// Radio buttons that the style sheet reads: they work with the keyboard and without scripts.
  private var filters: String {
    let wrong = section.pictures.count { !$0.verdict.isRight }
    let defective = section.pictures.count(where: \.isDefective)
    let choices: [(String, String, Int)] = [
      ("all", "all", section.pictures.count), ("wrong", "wrong verdicts", wrong),
      ("bad", "defective", defective), ("good", "good", section.pictures.count - defective),
    ]
    let buttons = choices.map { value, words, count in
      "<label><input type=\"radio\" name=\"\(name)\" value=\"\(value)\"\(value == "all" ? " checked" : "")>"
        + "<span>\(words) <b>\(count)</b></span></label>"
    }
    return """
      <fieldset class="filters"><legend>show</legend>\(buttons.joined())</fieldset>
      """
  }

  /// The colours of the maps, with the threshold's place among them.
  private var legend: String {
    let heat = section.heat
    let place = (heat.threshold - heat.low) / max(heat.high - heat.low, 1e-9) * 100
    return """
      <div class="legend" aria-hidden="true"><span>normal</span>\
      <div class="scale"><i style="left:\(String(format: "%.1f", place))%"></i></div><span>strange</span>\
      <em><i class="line white"></i>threshold</em><em><i class="line cyan"></i>true defect (mask)</em></div>
      """
  }

  private func row(_ picture: ReportPicture) -> String {
    let kind = picture.isDefective ? "bad" : "good"
    let relative = section.threshold > 0 ? String(format: "%.2f × threshold", picture.score / section.threshold) : ""
    let mask =
      picture.mask.map { image($0, "mask", picture) }
      ?? "<td class=\"none\"><span>\(picture.isDefective ? "no mask" : "no defect")</span></td>"
    return """
      <tr class="\(picture.verdict.isRight ? "right" : "wrong") \(kind)"><td class="words">\
      <span class="verdict">\(picture.verdict.isRight ? "✓" : "✗") \(picture.verdict.rawValue)</span>\
      <b class="score">\(formatted(picture.score))</b><span class="relative">\(relative)</span>\
      <span class="name">\(escaped(picture.name))</span></td>\
      \(image(picture.picture, "picture", picture))\(image(picture.overlay, "map", picture))\(mask)</tr>
      """
  }

  private func image(_ data: Data, _ role: String, _ picture: ReportPicture) -> String {
    "<td><img decoding=\"async\" src=\"\(dataURI(data))\" alt=\"\(role) of \(escaped(picture.name))\"></td>"
  }
}
