public import ArgumentParser
import Generation
public import Generator

extension SamplingConfiguration.Mode: ExpressibleByArgument {}
extension SamplingConfiguration.NoiseScale: ExpressibleByArgument {}
extension SamplingConfiguration.Noise: ExpressibleByArgument {}
extension SamplingConfiguration.Mean: ExpressibleByArgument {}
extension VariantFinish.Detail: ExpressibleByArgument {}

/// How variants are drawn; the defaults are those of the library.
struct SamplingOptions: ParsableArguments {
  private static let usual = GenerationSettings(kept: 1).sampling

  @Option(
    help: """
      Where the spread of a latent comes from: the codes that the originals use, the codes nearest to it, or what the encoder \
      predicts.
      """)
  var mode = usual.mode

  @Option(help: ArgumentHelp("The factor on the noise (default: \(usual.temperature)).", valueName: "FACTOR"))
  var temperature: Double?

  @Flag(help: "Find the hottest factor at which variants vary, in descriptors, as much as the originals' copies.")
  var calibrate = false

  @Option(help: "Whether the noise is scaled by the deviation or, as the patent words it, by the variance.")
  var noiseScale = usual.noiseScale

  @Option(help: "Whether each position has noise of its own, or the picture one for all.")
  var noise = usual.noise

  @Option(help: "What noise is added to: the encoder's latents, or their nearest codes.")
  var meanFrom = usual.meanFrom

  @Flag(inversion: .prefixedNo, help: "Replace what was drawn by its nearest codes before it is decoded.")
  var requantise = usual.requantises

  @Flag(help: "Of mode codebook: let every code count alike, used or not.")
  var allCodes = false

  @Option(help: ArgumentHelp("Of mode local-code: how many codes.", valueName: "COUNT"))
  var neighbours = usual.neighbours

  @Option(
    help: """
      Where fine structure comes from: the original, which is changed by what the draw changes in the decoded picture, or the \
      decoder alone.
      """)
  var detail = VariantFinish.Detail.original

  func validate() throws {
    if calibrate, temperature != nil {
      throw ValidationError("Only one of --temperature and --calibrate can be given.")
    }
  }

  var configuration: SamplingConfiguration {
    var configuration = Self.usual
    (configuration.mode, configuration.noiseScale, configuration.noise) = (mode, noiseScale, noise)
    (configuration.meanFrom, configuration.requantises, configuration.neighbours) = (meanFrom, requantise, neighbours)
    configuration.usedOnly = !allCodes
    if let temperature { configuration.temperature = temperature }
    return configuration
  }
}
