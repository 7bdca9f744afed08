/// How variants of pictures are drawn around their latents.
///
/// Which of these the paper does is not known; the specification says what is inferred.
public struct SamplingConfiguration: Codable, Hashable, Sendable {
  /// Where the spread of a latent comes from.
  public enum Mode: String, CaseIterable, Codable, Sendable {
    /// The variance of the codes that the originals hit, one a channel.
    case codebook
    /// The variance of the nearest codes of each latent.
    case localCode = "local-code"
    /// What the encoder predicts.
    case gaussianHead = "gaussian-head"
  }

  public enum NoiseScale: String, CaseIterable, Codable, Sendable {
    case standardDeviation = "std"
    case variance
  }

  /// What shares a draw.
  public enum Noise: String, CaseIterable, Codable, Sendable {
    /// Every position has its own.
    case position
    /// All positions of a picture have the same.
    case picture
  }

  public enum Mean: String, CaseIterable, Codable, Sendable {
    case encoder, quantised
  }

  public var mode = Mode.codebook
  /// The factor on the noise; 0 reproduces the mean.
  public var temperature = 0.5
  public var noiseScale = NoiseScale.standardDeviation
  public var noise = Noise.position
  public var meanFrom = Mean.encoder
  /// Whether what was drawn is replaced by its nearest codes before it is decoded.
  public var requantises = true
  /// Of mode `codebook`: whether only codes that the originals hit count.
  public var usedOnly = true
  /// Of mode `codebook` with `usedOnly`: whether a code counts as often as it was hit.
  public var weightedByHits = true
  /// Of mode `local-code`: how many codes.
  public var neighbours = 8
  /// Whether the mean is that of all pictures of a batch at each position: for copies of one picture that differ in light alone.
  public var averagesCopies = false

  public init() {}

  /// - Throws: ``GeneratorError/setting(name:reason:)``.
  public func validate(for network: VQGANConfiguration) throws(GeneratorError) {
    let checks: [(String, Bool, String)] = [
      ("temperature", temperature >= 0 && temperature <= 1000, "must be between 0 and 1000"),
      (
        "neighbours", (2...min(32, network.codes)).contains(neighbours),
        "must be between 2 and \(min(32, network.codes)) codes"
      ),
      (
        "mode", mode != .gaussianHead || network.hasGaussianHead,
        "gaussian-head needs a network that was trained with such a head"
      ),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }
}
