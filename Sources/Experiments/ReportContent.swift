public import Foundation

/// What a report shows of one picture.
public struct ReportPicture: Sendable {
  public enum Verdict: String, Sendable {
    case correctlyGood = "good, passed"
    case correctlyDefective = "defective, found"
    case falseAlarm = "good, false alarm"
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
  /// Where colours of the maps stand: the ends of the scale, and the value that the white line follows.
  public struct Heat: Sendable {
    public let low, high, threshold: Float

    public init(low: Float, high: Float, threshold: Float) {
      self.low = low
      self.high = high
      self.threshold = threshold
    }
  }

  public let category: String
  /// Name and value as text, "n/a" where undefined; in the order shown.
  public let figures: [(name: String, value: String)]
  /// Every metric, with the reason where it is undefined; folded away.
  public let allFigures: [(name: String, value: String, reason: String?)]
  public let threshold: Float
  /// Where the threshold comes from, in a sentence.
  public let thresholdOrigin: String
  public let lowConfidence: Bool
  public let heat: Heat
  public let pictures: [ReportPicture]

  public init(
    category: String, figures: [(name: String, value: String)],
    allFigures: [(name: String, value: String, reason: String?)] = [], threshold: Float, thresholdOrigin: String,
    lowConfidence: Bool, heat: Heat, pictures: [ReportPicture]
  ) {
    self.category = category
    self.figures = figures
    self.allFigures = allFigures
    self.threshold = threshold
    self.thresholdOrigin = thresholdOrigin
    self.lowConfidence = lowConfidence
    self.heat = heat
    self.pictures = pictures
  }

  func count(_ verdict: ReportPicture.Verdict) -> Int { pictures.count { $0.verdict == verdict } }

  var rightVerdicts: String { "\(pictures.count(where: \.verdict.isRight)) of \(pictures.count)" }

  /// "63 of 63 defective pictures found, no false alarm among 20 good ones."
  var summary: String {
    let (found, missed) = (count(.correctlyDefective), count(.missed))
    let (alarms, passed) = (count(.falseAlarm), count(.correctlyGood))
    let alarmWords = alarms == 0 ? "no false alarm" : "\(alarms) false alarm\(alarms == 1 ? "" : "s")"
    return "\(found) of \(found + missed) defective pictures found, \(alarmWords) among \(alarms + passed) good ones."
  }

  /// The section's place in the page; unique also where names differ only in what is no letter.
  func anchor(_ index: Int) -> String {
    "category-\(index)-" + category.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }.joined()
  }
}
