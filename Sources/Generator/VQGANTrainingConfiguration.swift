public import Networks

/// Everything that decides how a VQGAN is trained.
public struct VQGANTrainingConfiguration: Codable, Hashable, Sendable {
  public var steps: Int
  /// Pictures a step.
  public var batch: Int
  /// Adam's learning rate is this times the batch.
  public var baseRate = 4.5e-6
  public var course = Course.constant
  /// The decay of the autoencoder's moving average, which the training then ends with; nil for its last values.
  public var averageDecay: Double?
  public var discriminator = PatchDiscriminator.Configuration()
  public var adversarialLoss = AdversarialLoss.hinge
  /// The factor on the adversary's adaptive weight.
  public var adversarialWeight = 0.8
  /// The adversary rests for so many batches.
  public var adversarialStart: Int
  public var codebookWeight = 1.0
  public var perceptualLoss: PerceptualLoss.Kind
  public var perceptualWeight = 1.0
  /// Of a Gaussian head's divergence, summed over each picture.
  public var divergenceWeight = 1e-6
  public var upkeep = CodebookUpkeep.Configuration()

  /// How the rate changes with the steps.
  public enum Course: String, CaseIterable, Codable, Sendable {
    /// Not at all, as in the published runs.
    case constant
    /// It grows over the first twentieth, then falls to 0 along half a cosine.
    case cosine
  }

  /// - adversarialStart: the published runs wait 10,000 batches for own pictures, 250,001 for ImageNet
  public init(
    steps: Int, batch: Int = 4, adversarialStart: Int = 10_000, perceptualLoss: PerceptualLoss.Kind = .features
  ) {
    self.steps = steps
    self.batch = batch
    self.adversarialStart = adversarialStart
    self.perceptualLoss = perceptualLoss
  }

  /// Ours, for a product's few pictures and a few minutes of a CPU: a rate that a network from nothing needs, a codebook that follows
  /// averages from its first steps, and the adversary in the last quarter.
  public static var fewShots: VQGANTrainingConfiguration {
    var training = VQGANTrainingConfiguration(steps: 400, adversarialStart: 300)
    (training.baseRate, training.course, training.averageDecay) = (2.5e-4, .cosine, 0.98)
    training.upkeep = CodebookUpkeep.Configuration(averageDecay: 0.9, revivalBatches: 20)
    return training
  }

  /// - Throws: ``GeneratorError/setting(name:reason:)``.
  public func validate() throws(GeneratorError) {
    func isWeight(_ value: Double) -> Bool { value >= 0 && value <= 1e6 }
    let checks: [(String, Bool, String)] = [
      ("steps", steps >= 1, "must be at least 1"), ("batch", (1...4096).contains(batch), "must be between 1 and 4096"),
      ("rate", baseRate > 0 && baseRate < 1, "must be above 0 and below 1"),
      ("discriminator", (1...1024).contains(discriminator.width), "must have between 1 and 1024 channels"),
      ("discriminator", (1...6).contains(discriminator.layers), "must have between 1 and 6 halvings"),
      ("adversary's start", adversarialStart >= 0, "must not be negative"),
      ("adversary's weight", isWeight(adversarialWeight), "must be between 0 and a million"),
      ("codebook's weight", isWeight(codebookWeight), "must be between 0 and a million"),
      ("perceptual weight", isWeight(perceptualWeight), "must be between 0 and a million"),
      ("average's decay", averageDecay.map { $0 >= 0 && $0 < 1 } ?? true, "must be at least 0 and below 1"),
      ("divergence's weight", isWeight(divergenceWeight), "must be between 0 and a million"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
    try upkeep.validate()
  }

  public func plan(seed: UInt64) -> TrainingPlan {
    let rate = baseRate * Double(batch)
    return TrainingPlan(
      steps: steps, batch: batch,
      rate: course == .constant ? .constant(rate) : .cosine(rate, warmUp: steps / 20, total: steps),
      rule: .adam(firstDecay: 0.5, secondDecay: 0.9), seed: seed)
  }
}
