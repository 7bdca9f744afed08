public import ArgumentParser
public import Generation
public import Generator

extension VQGANConfiguration.Preset: ExpressibleByArgument {}
extension VQGANConfiguration.QuantizerLoss: ExpressibleByArgument {}
extension PerceptualLoss.Kind: ExpressibleByArgument {}
extension ProductVariation: ExpressibleByArgument {}

/// What a generator is, and how it is trained; the defaults are those of the library.
struct GeneratorOptions: ParsableArguments {
  private static let usual = VQGANTrainingConfiguration.fewShots

  @Option(
    help: """
      The network: f16 is the published one for 256 x 256 pixels, f8-small and tiny are for a CPU, at 128 x 128.
      """)
  var preset = VQGANConfiguration.Preset.tiny

  @Option(help: ArgumentHelp("The side of the generator's pictures (default: the preset's).", valueName: "PIXELS"))
  var size: Int?

  @Option(help: ArgumentHelp("Codes in the codebook (default: the preset's).", valueName: "COUNT"))
  var codes: Int?

  @Flag(help: "Let the encoder predict variances as well, for --mode gaussian-head.")
  var gaussianHead = false

  @Option(help: "The quantiser's loss: as the public weights were trained, or as published.")
  var quantizerLoss = VQGANConfiguration.QuantizerLoss.legacy

  @Option(
    help: ArgumentHelp(
      "Begin with these weights: a generator, or a checkpoint of taming-transformers for --preset f16.",
      valueName: "FROM"))
  var from: String?

  @Option(help: ArgumentHelp("Steps of the training.", valueName: "COUNT"))
  var steps = usual.steps

  @Option(help: ArgumentHelp("Pictures a step.", valueName: "COUNT"))
  var batch = usual.batch

  @Option(help: ArgumentHelp("Adam's learning rate at its height.", valueName: "RATE"))
  var learningRate = usual.baseRate * Double(usual.batch)

  @Option(
    help: ArgumentHelp(
      "The discriminator begins after so many steps (default: three quarters of them).", valueName: "COUNT"))
  var adversaryStart: Int?

  @Option(help: "How pictures are compared beside their pixels (default: lpips where its weights are, else features).")
  var perceptual: PerceptualLoss.Kind?

  @Option(
    help: ArgumentHelp(
      "The codebook follows averages with this decay, not gradients; 0 for gradients.", valueName: "DECAY"))
  var codebookDecay = usual.upkeep.averageDecay ?? 0

  @Option(
    help: ArgumentHelp(
      "Move codes that were nobody's nearest for so many steps to where latents are; 0 for never.", valueName: "COUNT"))
  var revival = usual.upkeep.revivalBatches ?? 0

  @Option(
    help: """
      What may differ between good pictures, which copies vary: little of an aligned product, any angle of a rotating one, \
      mirror images of a texture (default: the known category's, else aligned).
      """)
  var variation: ProductVariation?

  var network: VQGANConfiguration {
    var network = VQGANConfiguration(preset)
    if let size { network.size = size }
    if let codes { network.codes = codes }
    (network.hasGaussianHead, network.quantizerLoss) = (gaussianHead, quantizerLoss)
    return network
  }

  var training: VQGANTrainingConfiguration {
    var training = Self.usual
    (training.steps, training.batch) = (steps, batch)
    training.baseRate = learningRate / Double(max(batch, 1))
    training.adversarialStart = adversaryStart ?? steps * 3 / 4
    training.perceptualLoss = perceptual ?? PerceptualLoss.usual()
    training.upkeep.averageDecay = codebookDecay == 0 ? nil : codebookDecay
    training.upkeep.revivalBatches = revival == 0 ? nil : revival
    return training
  }

  func validate() throws {
    do {
      try network.validate()
      try training.validate()
    } catch { throw ValidationError("\(error)") }
  }
}
