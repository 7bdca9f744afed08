/// The sizes of a VQGAN (Esser et al. 2021, arXiv 2012.09841, table 7); stored with the model.
public struct VQGANConfiguration: Codable, Hashable, Sendable {
  public enum Preset: String, CaseIterable, Codable, Sendable {
    /// The published one for ImageNet: 256 x 256 pixels to 16 x 16 codes of 1024.
    case f16
    /// For a CPU: 128 x 128 pixels to 16 x 16 codes of 512.
    case f8Small = "f8-small"
    /// For trials on a CPU: 128 x 128 pixels to 16 x 16 codes of 256, an eighth of f8-small's parameters.
    case tiny
  }

  /// How the codebook and the encoder are drawn to each other; z is the encoder's output, c the nearest code, sg no gradient.
  public enum QuantizerLoss: String, CaseIterable, Codable, Sendable {
    /// `mean |sg c − z|² + β mean |c − sg z|²`: what the public weights were trained with.
    case legacy
    /// `β mean |sg c − z|² + mean |c − sg z|²`, as the paper has it.
    case fixed
  }

  /// The side of pictures in pixels, a multiple of ``factor``. The layers do not depend on it.
  public var size: Int
  /// Channels at the full resolution, a multiple of 32, and what they are multiplied by at each level.
  public var width: Int
  public var multipliers: [Int]
  /// Residual blocks a level of the encoder; the decoder has one more.
  public var residualBlocks: Int
  /// Levels whose residual blocks are followed by attention; the middle has it in any case. The published code names pixels
  /// instead, `attn_resolutions` at `resolution`: 16 at 256 is level 4.
  public var attentionLevels: [Int]
  /// Channels between encoder and `quant_conv`: the published `z_channels`.
  public var latentWidth: Int
  /// Channels of a code: `embed_dim`.
  public var codeWidth: Int
  public var codes: Int
  /// Whether the encoder gives means and logarithms of variances instead of latents: `double_z`.
  public var hasGaussianHead = false
  public var quantizerLoss = QuantizerLoss.legacy
  /// β of the quantiser's loss.
  public var commitment = 0.25

  public init(_ preset: Preset) {
    switch preset {
    case .f16:
      (size, width, multipliers, residualBlocks, attentionLevels) = (256, 128, [1, 1, 2, 2, 4], 2, [4])
      (latentWidth, codeWidth, codes) = (256, 256, 1024)
    case .f8Small:
      (size, width, multipliers, residualBlocks, attentionLevels) = (128, 32, [1, 2, 4, 4], 1, [3])
      (latentWidth, codeWidth, codes) = (64, 64, 512)
    case .tiny:
      (size, width, multipliers, residualBlocks, attentionLevels) = (128, 32, [1, 1, 1, 2], 1, [])
      (latentWidth, codeWidth, codes) = (32, 32, 256)
    }
  }

  /// Pixels a code, along each side.
  public var factor: Int { 1 << (multipliers.count - 1) }
  /// The side of the grid of codes for pictures of ``size``.
  public var grid: Int { size / factor }

  /// - Throws: ``GeneratorError/setting(name:reason:)``.
  public func validate() throws(GeneratorError) {
    let areChannelsSound =
      width > 0 && width % 32 == 0 && width <= 4096 && multipliers.allSatisfy { (1...16).contains($0) }
    let checks: [(String, Bool, String)] = [
      ("multipliers", (1...8).contains(multipliers.count), "must be of 1 to 8 levels"),
      ("width", areChannelsSound, "must be a multiple of 32 up to 4096, multiplied by 1 to 16"),
      (
        "size", (16...4096).contains(size) && size % max(factor, 1) == 0,
        "must be a multiple of \(factor) between 16 and 4096 pixels"
      ),
      ("residual blocks", (1...16).contains(residualBlocks), "must be 1 to 16 a level"),
      ("attention", attentionLevels.allSatisfy(multipliers.indices.contains), "must be at levels that exist"),
      ("latent width", (1...4096).contains(latentWidth), "must be between 1 and 4096 channels"),
      ("code width", (1...4096).contains(codeWidth), "must be between 1 and 4096 channels"),
      ("codes", (2...(1 << 17)).contains(codes), "must be between 2 and 131072"),
      ("commitment", commitment >= 0 && commitment <= 100, "must be between 0 and 100"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }
}
