public import Backbones
import Compute
public import Images
import Networks

/// Everything that decides what a Reverse Distillation model computes; stored with the model.
public struct ReverseDistillationConfiguration: DetectorConfiguration {
  public static let kind = DetectorKind.reverseDistillation

  /// Where settings come from that nobody names.
  public enum Preset: String, CaseIterable, Codable, Sendable {
    /// The authors': 200 epochs, 16 pictures a step, 256 x 256 pixels.
    case paper
    /// For a CPU: 1000 steps of 8 pictures of 224 x 224 pixels, of which there are 8 variants each, moved by up to 4 % and
    /// turned by up to 3 degrees; levels in units of the training pictures.
    case fast
  }

  public let preset: Preset
  public var backbone: BackboneKind = .efficientNetLite0
  public var size: Int
  public var length: TrainingLength
  /// How training pictures are varied; nil where they are taken as they are.
  public var augmentation: Augmentation?
  /// So many variants of a picture there are, the picture itself the first, and the teacher's features of them are computed
  /// once; nil where it is varied anew in every step.
  public var variants: Int?
  /// Pictures a step; fewer where there are not so many.
  public var batch: Int
  /// Adam's learning rate, and whether it falls to 0 along half a cosine, or stays.
  public var decays = false
  /// Decays of Adam's moments.
  public var rate = 0.005
  public var firstDecay = 0.5
  public var secondDecay = 0.999
  /// Part of the training pictures whose loss is only watched, every ``validationSteps`` steps.
  public var validationPart = 0.0
  public var validationSteps = 50
  /// Training ends after so many validations without a lesser loss, with the student of the least one; nil for never.
  public var patience: Int?
  /// Whether distances of a level are measured in units of the training pictures before levels are added (``LevelUnits``); the
  /// paper adds them as they are.
  public var normalizesLevels: Bool {
    get { hasNormalizedLevels ?? false }
    set { hasNormalizedLevels = newValue ? true : nil }
  }
  /// nil for no, as in models of older programs.
  private var hasNormalizedLevels: Bool?
  /// Smoothing of the anomaly map, in network pixels.
  public var smoothingSigma = 4.0
  public var falseAlarmRate = 0.01
  /// Folds of the cross-fitting that finds the threshold: each takes a training of its own.
  public var folds: Int
  /// Bytes of teacher's features that may be kept; with more they are computed in every step.
  public var featureBudget = 4 << 30

  public init(_ preset: Preset = .paper) {
    self.preset = preset
    switch preset {
    case .paper: (size, length, batch, folds) = (256, .epochs(200), 16, 2)
    case .fast:
      (size, length, batch, folds) = (224, .steps(1000), 8, 2)
      var small = Augmentation()
      (small.translation, small.degrees) = (0.04, 3)
      (augmentation, variants) = (small, 8)
      normalizesLevels = true
      // What 4 is to 256 pixels.
      smoothingSigma = 3.5
    }
  }

  public func validate() throws(DetectorError) {
    let checks: [(String, Bool, String)] = [
      ("size", (64...4096).contains(size) && size % 32 == 0, "must be a multiple of 32 between 64 and 4096 pixels"),
      ("length", length.count > 0, "must be at least 1"),
      ("batch", (1...1024).contains(batch), "must be between 1 and 1024 pictures"),
      ("learning rate", rate > 0 && rate < 10, "must be above 0 and below 10"),
      ("first decay", firstDecay >= 0 && firstDecay < 1, "must be at least 0 and below 1"),
      ("second decay", secondDecay >= 0 && secondDecay < 1, "must be at least 0 and below 1"),
      ("false-alarm rate", falseAlarmRate > 0 && falseAlarmRate < 1, "must lie between 0 and 1"),
      ("smoothing", smoothingSigma > 0 && smoothingSigma < 100, "must be above 0 and below 100 pixels"),
      ("folds", folds >= 2, "must be at least 2"),
      ("validation part", validationPart >= 0 && validationPart < 1, "must be at least 0 and below 1"),
      ("validation steps", validationSteps > 0, "must be at least 1"),
      ("patience", patience ?? 1 > 0, "must be at least 1 validation"),
      ("patience", patience == nil || validationPart > 0, "needs a part of the pictures for validation"),
      ("variants", (1...1024).contains(variants ?? 1), "must be between 1 and 1024"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
    if augmentation?.crop != nil {
      throw .setting(name: "augmentation", reason: "cannot crop: pictures keep their size")
    }
    do { try augmentation?.validate() } catch { throw .setting(name: "augmentation", reason: "is wrong: \(error)") }
    _ = try ReverseDistillationPlan.plan(for: backbone)
  }

  /// Variants of each picture that are kept.
  var keptVariants: Int { augmentation == nil ? 1 : variants ?? 1 }
  var variesInEveryStep: Bool { augmentation != nil && variants == nil }

  /// A picture's variant; the first is the picture itself.
  package func variant(_ number: Int, of picture: NetworkPicture, index: Int, seed: UInt64) throws -> NetworkPicture {
    guard number > 0, let augmentation else { return picture }
    var random = PhiloxStream(
      RandomKey(seed: seed ^ Self.variantMark, stream: UInt32(number), step: UInt32(truncatingIfNeeded: index)))
    return try NetworkPicture(augmentation.applied(to: FloatImage(picture), using: &random))
  }

  /// Keeps these streams apart from those that a step draws from.
  private static let variantMark: UInt64 = 0x5641_5249_414E_5453

  /// The training of a model on so many pictures.
  func plan(pictures: Int, seed: UInt64) -> TrainingPlan {
    let batch = min(batch, pictures * keptVariants)
    let steps = length.steps(pictures: pictures, batch: batch)
    return TrainingPlan(
      steps: steps, batch: batch, rate: decays ? .cosine(rate, total: steps) : .constant(rate),
      rule: .adam(firstDecay: firstDecay, secondDecay: secondDecay), seed: seed)
  }
}

/// How long is trained.
public enum TrainingLength: Codable, Hashable, Sendable {
  case epochs(Int)
  case steps(Int)

  public var count: Int {
    switch self {
    case .epochs(let count), .steps(let count): count
    }
  }

  /// Steps in all; an epoch's last pictures make a step of their own.
  public func steps(pictures: Int, batch: Int) -> Int {
    switch self {
    case .epochs(let count): count * ((pictures + batch - 1) / batch)
    case .steps(let count): count
    }
  }
}
