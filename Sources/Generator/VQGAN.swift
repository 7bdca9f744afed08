import Compute
public import Networks
public import Tensors

/// The autoencoder with a codebook between its halves (VQGAN, Esser et al. 2021, arXiv 2012.09841), under the names of the
/// published checkpoints: `encoder.down.0.block.0.norm1.weight`, `quantize.embedding.weight` and so on.
public struct VQGAN {
  public let configuration: VQGANConfiguration
  public internal(set) var quantizer: VectorQuantizer
  let encoder, decoder: Coder
  private let quantConv, postQuantConv: ConvolutionLayer
  /// In the order of construction.
  package let parameters: [Parameter]

  /// With first values as the published code draws them.
  ///
  /// - Throws: ``GeneratorError/setting(name:reason:)``, `DeviceError`.
  public init(_ configuration: VQGANConfiguration, _ builder: NetworkBuilder) throws {
    try configuration.validate()
    let before = builder.parameters.count
    self.configuration = configuration
    encoder = try Coder(configuration.encoderPlan, builder["encoder"])
    decoder = try Coder(configuration.decoderPlan, builder["decoder"])
    quantizer = try VectorQuantizer(builder["quantize"], configuration)
    quantConv = try ConvolutionLayer(
      builder["quant_conv"], inputs: configuration.encodedWidth, outputs: configuration.quantWidth, kernel: 1)
    postQuantConv = try ConvolutionLayer(
      builder["post_quant_conv"], inputs: configuration.codeWidth, outputs: configuration.latentWidth, kernel: 1)
    parameters = Array(builder.parameters[before...])
  }

  /// `decoder.conv_out.weight`: where the adversary's share is measured.
  public var lastWeight: Parameter { decoder.lastWeight }

  /// What the encoder makes of pictures, behind `quant_conv`; the means where it has a Gaussian head.
  ///
  /// - x: [batch, height, width, 3], RGB in −1…1, height and width multiples of the factor
  /// - result: [batch, height / factor, width / factor, code width]
  public func latents(of x: Tensor, _ pass: Pass = .inference) throws -> Tensor {
    try distribution(of: x, pass).means
  }

  /// - logVariances: nil without a Gaussian head; not clamped
  /// - Throws: ``GeneratorError/setting(name:reason:)`` for pictures of other sizes, `DeviceError`.
  public func distribution(of x: Tensor, _ pass: Pass = .inference) throws -> (means: Tensor, logVariances: Tensor?) {
    let factor = configuration.factor
    guard x.shape.rank == 4, x.shape[1] % factor == 0, x.shape[2] % factor == 0 else {
      throw GeneratorError.setting(
        name: "picture", reason: "must be a multiple of \(factor) pixels high and wide, and is of shape \(x.shape)")
    }
    let encoded = try quantConv(encoder(x, pass), pass)
    guard configuration.hasGaussianHead else { return (encoded, nil) }
    let width = configuration.codeWidth
    return (try encoded.sliced(0..<width, axis: 3), try encoded.sliced(width..<(2 * width), axis: 3))
  }

  /// - latents: [batch, height, width, code width], usually codes
  /// - result: pictures in about −1…1, [batch, height · factor, width · factor, 3]
  public func decoded(_ latents: Tensor, _ pass: Pass = .inference) throws -> Tensor {
    try decoder(postQuantConv(latents, pass), pass)
  }

  /// Encodes, quantises and decodes; a Gaussian head's latents are drawn in training, and its means otherwise.
  public func reconstructed(_ x: Tensor, _ pass: Pass = .inference) throws -> Tensor {
    let (means, logVariances) = try distribution(of: x, pass)
    return try decoded(quantizer(drawn(means, logVariances, pass), pass).values, pass)
  }

  /// Keeps a head's draws apart from whatever else a pass draws.
  private static let drawMark: UInt32 = 0x4452_4157

  func drawn(_ means: Tensor, _ logVariances: Tensor?, _ pass: Pass) throws -> Tensor {
    guard pass.isTraining, let logVariances else { return means }
    var key = pass.key
    key.stream ^= Self.drawMark
    return try means.sampled(logVariances: logVariances, key)
  }

  /// Every layer's output of encoding, quantising and decoding, for comparisons: `encoder.<name>`, `quant_conv`, `quantize`,
  /// `post_quant_conv`, `decoder.<name>`.
  public func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws {
    try withoutActuallyEscaping(visit) { visit in
      let pass = Pass.inference
      let encoded = try quantConv(encoder(x, pass) { try visit("encoder.\($0)", $1) }, pass)
      try visit("quant_conv", encoded)
      let quantized = try quantizer(encoded.sliced(0..<configuration.codeWidth, axis: 3), pass).values
      try visit("quantize", quantized)
      let opened = try postQuantConv(quantized, pass)
      try visit("post_quant_conv", opened)
      _ = try decoder(opened, pass) { try visit("decoder.\($0)", $1) }
    }
  }
}
