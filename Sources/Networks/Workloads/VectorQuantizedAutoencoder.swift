import Compute
public import Tensors

/// An autoencoder with a codebook between its halves, as VQGAN has it (Esser et al. 2021, arXiv 2012.09841, section 3.1 and
/// table 7), without its adversary: one residual block a resolution, attention at the lowest one, names of its published code.
public struct VectorQuantizedAutoencoder {
  private let encoder: Coder
  private let decoder: Coder
  private let quantConv, postQuantConv: ConvolutionLayer
  private let codebook: Parameter

  /// - width: channels at the full resolution; each of two halvings doubles them
  /// - codes: vectors of the codebook, of `codeWidth` channels
  public init(_ builder: NetworkBuilder, width: Int = 64, codes: Int = 512, codeWidth: Int = 64) throws {
    encoder = try Coder(encoding: builder["encoder"], width: width, codeWidth: codeWidth)
    quantConv = try ConvolutionLayer(builder["quant_conv"], inputs: codeWidth, outputs: codeWidth, kernel: 1)
    codebook = try builder["quantize.embedding"]
      .parameter("weight", [codes, codeWidth], .uniform(bound: 1 / Float(codes)))
    postQuantConv = try ConvolutionLayer(builder["post_quant_conv"], inputs: codeWidth, outputs: codeWidth, kernel: 1)
    decoder = try Coder(decoding: builder["decoder"], width: width, codeWidth: codeWidth)
  }

  /// - x: [batch, height, width, 3], height and width multiples of 4
  /// - picture: as x
  /// - loss: of the codebook, and a quarter of it for the encoder's commitment (van den Oord et al. 2017, arXiv 1711.00937,
  ///   equation 3)
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> (picture: Tensor, loss: Tensor) {
    let z = try quantConv(encoder(x, pass), pass)
    let rows = try z.reshaped(to: [z.shape.count / z.shape[3], z.shape[3]])
    let book = codebook.tensor(on: pass.tape)
    let nearest = try book.gatheredRows(rows.nearestRows(of: codebook.value))
    let loss = try Loss.meanSquare(nearest, rows.detached)
      .combined(.add, with: Loss.meanSquare(nearest.detached, rows).affine(scale: 0.25, shift: 0))
    let quantized = try nearest.straightThrough(to: rows).reshaped(to: z.shape)
    return (try decoder(postQuantConv(quantized, pass), pass), loss)
  }
}

/// The encoder, or the decoder, which mirrors it.
private struct Coder {
  private typealias Step = (Tensor, Pass) throws -> Tensor
  private let steps: [Step]

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor { try steps.reduce(x) { try $1($0, pass) } }

  private static func convolution(
    _ builder: NetworkBuilder, _ inputs: Int, _ outputs: Int, stride: Extent2D = 1, padding: Padding = 1
  ) throws -> Step {
    let layer = try ConvolutionLayer(
      builder, inputs: inputs, outputs: outputs, kernel: 3, stride: stride, padding: padding)
    return { try layer($0, $1) }
  }

  private static func block(_ builder: NetworkBuilder, _ inputs: Int, _ outputs: Int) throws -> Step {
    let block = try SwishResidualBlock(builder, inputs: inputs, outputs: outputs)
    return { try block($0, $1) }
  }

  /// Two residual blocks with attention between them.
  private static func middle(_ builder: NetworkBuilder, _ channels: Int) throws -> [Step] {
    let attention = try PixelAttentionBlock(builder["attn_1"], channels: channels)
    return [
      try block(builder["block_1"], channels, channels), { try attention($0, $1) },
      try block(builder["block_2"], channels, channels),
    ]
  }

  private static func output(_ builder: NetworkBuilder, _ inputs: Int, _ outputs: Int) throws -> [Step] {
    let norm = try GroupNormalizationLayer(builder["norm_out"], channels: inputs)
    return [
      { try norm($0, activation: .silu, $1) }, try convolution(builder["conv_out"], inputs, outputs),
    ]
  }

  init(encoding builder: NetworkBuilder, width: Int, codeWidth: Int) throws {
    let channels = [width, 2 * width, 4 * width]
    var steps = [try Self.convolution(builder["conv_in"], 3, width)]
    for level in channels.indices {
      let down = builder["down.\(level)"]
      steps.append(try Self.block(down["block.0"], channels[max(level - 1, 0)], channels[level]))
      guard level + 1 < channels.count else { continue }
      // One row and column of zeros at the end, as the published code has it.
      steps.append(
        try Self.convolution(
          down["downsample.conv"], channels[level], channels[level], stride: 2,
          padding: Padding(top: 0, left: 0, bottom: 1, right: 1)))
    }
    steps += try Self.middle(builder["mid"], 4 * width) + Self.output(builder, 4 * width, codeWidth)
    self.steps = steps
  }

  init(decoding builder: NetworkBuilder, width: Int, codeWidth: Int) throws {
    let channels = [width, 2 * width, 4 * width]
    var steps = [try Self.convolution(builder["conv_in"], codeWidth, 4 * width)]
    steps += try Self.middle(builder["mid"], 4 * width)
    for level in channels.indices.reversed() {
      let up = builder["up.\(level)"]
      steps.append(try Self.block(up["block.0"], channels[min(level + 1, 2)], channels[level]))
      guard level > 0 else { continue }
      let convolution = try Self.convolution(up["upsample.conv"], channels[level], channels[level])
      steps.append { x, pass in
        try convolution(x.resampled(.nearest, height: 2 * x.shape[1], width: 2 * x.shape[2]), pass)
      }
    }
    self.steps = try steps + Self.output(builder, width, 3)
  }
}
