public import Networks

/// Everything that decides how a VQGAN is trained.
public struct VQGANTrainingConfiguration: Codable, Hashable, Sendable {
  public var steps: Int
  /// Pictures a step.
  public var batch: Int
  /// Adam's learning rate is this times the batch.
  public var baseRate = 4.5e-6
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

  /// - adversarialStart: the published runs wait 10,000 batches for own pictures, 250,001 for ImageNet
  public init(
    steps: Int, batch: Int = 4, adversarialStart: Int = 10_000, perceptualLoss: PerceptualLoss.Kind = .features
  ) {
    self.steps = steps
    self.batch = batch
    self.adversarialStart = adversarialStart
    self.perceptualLoss = perceptualLoss
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
      ("divergence's weight", isWeight(divergenceWeight), "must be between 0 and a million"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
    try upkeep.validate()
  }

  public func plan(seed: UInt64) -> TrainingPlan {
    TrainingPlan(
      steps: steps, batch: batch, rate: .constant(baseRate * Double(batch)),
      rule: .adam(firstDecay: 0.5, secondDecay: 0.9), seed: seed)
  }
}
