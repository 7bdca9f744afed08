import Compute
public import Networks
public import Tensors

/// The losses of a VQGAN and its adversary (Esser et al. 2021, arXiv 2012.09841, section 3.1), for a `Trainer` of two parts.
///
/// A step trains the autoencoder, then the discriminator on pictures that the changed autoencoder makes anew, as the published
/// code does. Steps are batches.
///
/// ```swift
/// let training = try VQGANTraining(network, configuration, builder, perceptual: .loaded(configuration.perceptualLoss, on: device))
/// let loop = try TrainingLoop(training.trainer(examples: count, seed: 1), settings)
/// try loop.run { try training.losses($0, pictures: batch(of: $0)) }
/// ```
public struct VQGANTraining {
  public typealias Losses = [(name: String, value: Tensor)]

  public let network: VQGAN
  public let configuration: VQGANTrainingConfiguration
  public let discriminator: PatchDiscriminator
  private let perceptual: PerceptualLoss?
  private let upkeep: CodebookUpkeep
  private let builder: NetworkBuilder

  /// - network: made by `builder`, which made nothing else, with the values that training starts from
  /// - perceptual: of the configuration's kind
  /// - Throws: ``GeneratorError/setting(name:reason:)``.
  public init(
    _ network: VQGAN, _ configuration: VQGANTrainingConfiguration, _ builder: NetworkBuilder,
    perceptual: PerceptualLoss?
  ) throws {
    try configuration.validate()
    precondition(
      builder.parameters.count == network.parameters.count && builder.statistics.isEmpty,
      "the builder made the network and nothing else")
    var network = network
    network.quantizer.followsAverages = configuration.upkeep.averageDecay != nil
    self.network = network
    self.configuration = configuration
    self.perceptual = perceptual
    self.builder = builder
    upkeep = try CodebookUpkeep(configuration.upkeep, network.quantizer.codebook, builder["quantize"])
    discriminator = try PatchDiscriminator(configuration.discriminator, builder["loss.discriminator"])
  }

  /// - examples: how many pictures there are
  public func trainer(examples: Int, seed: UInt64) throws -> Trainer {
    try Trainer(
      configuration.plan(seed: seed), builder, examples: examples,
      parts: [network.parameters, discriminator.parameters])
  }

  /// The losses of the step's part: first those of the autoencoder, then that of the discriminator.
  ///
  /// - x: the step's pictures, RGB in −1…1, [batch, height, width, 3]; the same for both parts
  public func losses(_ step: TrainingStep, pictures x: Tensor) throws -> Losses {
    let isAdversarial = step.number >= configuration.adversarialStart
    return step.part == 0
      ? try autoencoderLosses(x, step.pass, isAdversarial: isAdversarial)
      : try discriminatorLosses(x, step.pass, isAdversarial: isAdversarial)
  }

  /// `reconstruction + λ · adversary + codebook` (and a Gaussian head's divergence), then its parts.
  func autoencoderLosses(_ x: Tensor, _ pass: Pass, isAdversarial: Bool) throws -> Losses {
    let (means, logVariances) = try network.distribution(of: x, pass)
    let drawn = try network.drawn(means, logVariances, pass)
    let quantized = try network.quantizer(drawn, pass)
    let picture = try network.decoded(quantized.values, pass)
    try upkeep.follow(drawn.detached, quantized.indices, pass)
    let judged = try judgement(of: picture, x, pass, isAdversarial: isAdversarial)
    var total = try judged.total.combined(
      .add, with: quantized.loss.affine(scale: Float(configuration.codebookWeight), shift: 0))
    var parts = judged.parts + [("codebook", quantized.loss)]
    if let logVariances {
      let divergence = try GaussianHead.divergence(logVariances, from: network.quantizer.codebook.value)
      total = try total.combined(
        .add, with: divergence.affine(scale: Float(configuration.divergenceWeight), shift: 0))
      parts.append(("divergence", divergence))
    }
    return [("loss", total)] + parts
  }

  /// What reconstruction and adversary say of a picture.
  ///
  /// Both losses' gradients for the picture are found first, on a tape of their own; from them follow λ and the gradient that goes
  /// on through the network, so that features and discriminator are walked through once.
  private func judgement(
    of picture: Tensor, _ x: Tensor, _ pass: Pass, isAdversarial: Bool
  ) throws -> (total: Tensor, parts: Losses) {
    let tape = Tape()
    let leaf = tape.watched(picture.detached)
    let distance = try Loss.meanAbsolute(leaf, x)
    let features = try perceptual.map { try $0(leaf, x) }
    let reconstruction =
      try features.map {
        try $0.affine(scale: Float(configuration.perceptualWeight), shift: 0).combined(.add, with: distance)
      } ?? distance
    var gradient = try tape.gradients(of: reconstruction, for: [leaf])[0]
    var total = reconstruction.detached
    var parts: Losses = [("reconstruction", distance.detached)]
    if let features { parts.append(("perceptual", features.detached)) }
    if isAdversarial {
      var judging = pass
      judging.tape = Tape()
      let seen = judging.tape?.watched(picture.detached) ?? picture
      let adversary = try configuration.adversarialLoss.generator(fake: discriminator(seen, judging))
      let pull = try judging.tape?.gradients(of: adversary, for: [seen])[0] ?? gradient
      let weight = try adaptiveWeight(picture, reconstruction: gradient, adversary: pull, pass)
      let scale = weight * Float(configuration.adversarialWeight)
      gradient = try gradient.combined(.add, with: pull.affine(scale: scale, shift: 0))
      total = try total.combined(.add, with: adversary.detached.affine(scale: scale, shift: 0))
      parts.append(("adversary", adversary.detached))
      parts.append(("adaptive weight", try .filled(weight, shape: [1], on: x.device)))
    }
    // The value of the losses, and their gradient at the picture.
    let carrier = try picture.combined(.multiply, with: gradient).reduced(.sum)
    return (try total.straightThrough(to: carrier), parts)
  }

  private func adaptiveWeight(
    _ picture: Tensor, reconstruction: Tensor, adversary: Tensor, _ pass: Pass
  ) throws -> Float {
    // In validation there is nothing to pull at.
    guard let tape = pass.tape else { return 0 }
    let last = network.lastWeight.tensor(on: tape)
    let found = try [reconstruction, adversary].map {
      try tape.gradients(of: picture, for: [last], outputGradient: $0, keepingTape: true)[0]
    }
    return try AdversarialLoss.adaptiveWeight(reconstruction: found[0], adversary: found[1])
  }

  func discriminatorLosses(_ x: Tensor, _ pass: Pass, isAdversarial: Bool) throws -> Losses {
    // It rests: no picture is judged.
    guard isAdversarial else { return [("discriminator", try .filled(0, shape: [1], on: x.device))] }
    var still = pass
    (still.tape, still.isRepeated) = (nil, true)
    let picture = try network.reconstructed(x, still)
    let (real, fake) = (try discriminator(x, pass), try discriminator(picture, pass))
    return [
      ("discriminator", try configuration.adversarialLoss.discriminator(real: real, fake: fake)),
      ("real logits", try real.reduced(.mean)), ("fake logits", try fake.reduced(.mean)),
    ]
  }
}
