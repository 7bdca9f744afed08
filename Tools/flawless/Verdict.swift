import Experiments
import Foundation

/// What is said of one picture.
struct Verdict {
  let path: String
  let score: Float
  /// nil where the detector has none.
  let reweightedScore: Float?
  /// Scores above it are defective.
  let threshold: Float
  let isDefective: Bool
  /// Pixels of the largest region above the pixel threshold; nil where no least area is asked for.
  let largestRegion: Int?
  /// Files; nil where none is written.
  let overlay: String?
  let map: String?

  private var word: String { isDefective ? "defective" : "good" }

  /// For people: verdict, score, picture.
  var line: String {
    let score = String(format: "%9.4g", Double(score))
    return "\(word.padding(toLength: 9, withPad: " ", startingAt: 0))  \(score)  \(path)"
  }

  static let csvHeader = "path,score,score_reweighted,threshold,verdict,region_pixels,overlay,map\n"

  var csv: String {
    [
      csvField(path), "\(score)", reweightedScore.map { "\($0)" } ?? "", "\(threshold)", word,
      largestRegion.map { "\($0)" } ?? "",
      csvField(overlay ?? ""), csvField(map ?? ""),
    ].joined(separator: ",") + "\n"
  }

  /// Names as in the CSV; what there is not is left out.
  var object: [String: Any] {
    let always: [String: Any] = [
      "path": path, "score": Double(score), "threshold": Double(threshold), "defective": isDefective,
    ]
    let sometimes: [String: Any?] = [
      "score_reweighted": reweightedScore.map { Double($0) }, "region_pixels": largestRegion, "overlay": overlay,
      "map": map,
    ]
    return always.merging(sometimes.compactMapValues { $0 }) { first, _ in first }
  }
}
