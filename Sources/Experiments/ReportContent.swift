public import Foundation

/// What a report shows of one picture.
public struct ReportPicture: Sendable {
  public enum Verdict: String, Sendable {
    case correctlyGood = "good, called good"
    case correctlyDefective = "defective, found"
    case falseAlarm = "good, called defective"
    case missed = "defective, missed"

    public init(defective: Bool, called: Bool) {
      self =
        switch (defective, called) {
        case (false, false): .correctlyGood
        case (true, true): .correctlyDefective
        case (false, true): .falseAlarm
        case (true, false): .missed
        }
    }

    var isRight: Bool { self == .correctlyGood || self == .correctlyDefective }
  }

  public let name: String
  /// "good" or the kind of defect.
  public let kind: String
  public let isDefective: Bool
  public let score: Float
  public let verdict: Verdict
  /// Encoded JPEG or PNG pictures, shown as they are.
  public let picture: Data
  public let overlay: Data
  /// nil where there is no mask.
  public let mask: Data?

  public init(
    name: String, kind: String, isDefective: Bool, score: Float, verdict: Verdict, picture: Data, overlay: Data,
    mask: Data?
  ) {
    self.name = name
    self.kind = kind
    self.isDefective = isDefective
    self.score = score
    self.verdict = verdict
    self.picture = picture
    self.overlay = overlay
    self.mask = mask
  }
}

/// One category's part of a report.
public struct ReportSection: Sendable {
  public let category: String
  /// Name and value as text, "n/a" where undefined; in the order shown.
  public let figures: [(name: String, value: String)]
  public let threshold: Float
  /// Where the threshold comes from, in a sentence.
  public let thresholdOrigin: String
  public let lowConfidence: Bool
  public let pictures: [ReportPicture]

  public init(
    category: String, figures: [(name: String, value: String)], threshold: Float, thresholdOrigin: String,
    lowConfidence: Bool, pictures: [ReportPicture]
  ) {
    self.category = category
    self.figures = figures
    self.threshold = threshold
    self.thresholdOrigin = thresholdOrigin
    self.lowConfidence = lowConfidence
    self.pictures = pictures
  }
}

/// Escapes text for HTML.
func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}

/// A picture as a data URI, recognised by its first bytes.
func dataURI(_ data: Data) -> String {
  let kind = data.starts(with: [0xFF, 0xD8]) ? "jpeg" : "png"
  return "data:image/\(kind);base64,\(data.base64EncodedString())"
}
