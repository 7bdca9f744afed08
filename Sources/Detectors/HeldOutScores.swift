/// What models that have not seen them say of normal pictures: kept with the model, so that its threshold can be moved to
/// another false-alarm rate without training.
public struct HeldOutScores: Codable, Hashable, Sendable {
  /// One picture's.
  public struct Score: Codable, Hashable, Sendable {
    /// The picture's score.
    public let picture: Float
    /// The largest value of its map.
    public let largestPixel: Float

    public init(picture: Float, largestPixel: Float) {
      self.picture = picture
      self.largestPixel = largestPixel
    }
  }

  public var scores: [Score]
  /// How they were found in training, in words.
  public var training: String
  /// Whether training's scores say little: those of one picture's copies, or by a model that may have seen the pictures.
  public var isWeak: Bool
  /// How many of the scores are of pictures added later, each scored by a model without it.
  public var added: Int

  private enum CodingKeys: String, CodingKey {
    case scores, training, added
    // The name in model.json from when there were copies only.
    case isWeak = "areCopies"
  }

  public init(_ scores: [Score], training: String, isWeak: Bool = false, added: Int = 0) {
    self.scores = scores
    self.training = training
    self.isWeak = isWeak
    self.added = added
  }

  /// Where all the scores come from, in words.
  public var origin: String {
    let later = "\(added) picture\(added == 1 ? "" : "s") added later, each scored by a model without it"
    if added == 0 { return training }
    return added == scores.count ? later : "\(training), and \(later)"
  }

  /// The threshold that they support: the quantile at which so many of them are false alarms.
  ///
  /// - falseAlarmRate: above 0 and below 1
  /// - Throws: ``DetectorError/setting(name:reason:)`` for another rate, or when there are no scores.
  public func threshold(
    falseAlarmRate: Double, minimumArea: DefectArea? = nil
  ) throws(DetectorError) -> Threshold {
    guard falseAlarmRate > 0, falseAlarmRate < 1 else {
      throw .setting(name: "false-alarm rate", reason: "must lie between 0 and 1")
    }
    guard !scores.isEmpty else { throw .setting(name: "list of held-out scores", reason: "is empty") }
    return Threshold(
      score: Threshold.quantile(scores.map(\.picture), 1 - falseAlarmRate),
      pixel: Threshold.quantile(scores.map(\.largestPixel), 1 - falseAlarmRate), origin: origin,
      falseAlarmRate: falseAlarmRate, heldOut: scores.count,
      lowConfidence: isWeak || Double(scores.count) * falseAlarmRate < 1, minimumArea: minimumArea)
  }
}

extension HeldOutScores {
  /// Of normal pictures for validation, by the finished model.
  init(ofValidation scores: [Score]) {
    self.init(scores, training: "\(scores.count) normal validation picture\(scores.count == 1 ? "" : "s")")
  }

  /// Of one real picture's admissible copies, by the model that was trained on it, and perhaps on generated ones: with one
  /// picture nothing can be held out.
  init(ofCopies scores: [Score], _ union: TrainingUnion) {
    let also = union.generated == 0 ? "" : ", by a model of it and its generated pictures"
    self.init(
      scores, training: "\(scores.count) relit and moved copies of the one training picture\(also)", isWeak: true)
  }

  /// Of real pictures, by models of ``TrainingUnion/folds(_:)`` that have seen neither them nor their descendants.
  init(crossFitted scores: [Score], _ union: TrainingUnion, folds: Int) {
    self.init(scores, training: union.origin(folds: folds))
  }
}
