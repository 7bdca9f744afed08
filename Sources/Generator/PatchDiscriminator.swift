import Compute
public import Networks
public import Tensors

/// PatchGAN (Isola et al. 2017, arXiv 1611.07004, section 6.1.2): says of each patch whether it is real.
///
/// Convolutions of 4x4 with a padding of 1, leaky ReLU of 0.2 and batch normalisation: `width` channels, doubled by every halving
/// up to eightfold, one more layer without a halving, and one channel of logits. With the usual sizes a logit sees 70 x 70 pixels.
/// Names are those of the published checkpoints, below `loss.discriminator.main`.
public struct PatchDiscriminator {
  public struct Configuration: Codable, Hashable, Sendable {
    /// Channels of the first layer.
    public var width = 64
    /// Halvings.
    public var layers = 3

    public init() {}
  }

  private let layers: [(convolution: ConvolutionLayer, norm: BatchNormalizationLayer?)]
  private let last: ConvolutionLayer
  package let parameters: [Parameter]

  /// - builder: of `loss.discriminator`, by whose seed the first values are normal: weights around 0, scales around 1, with a
  ///   deviation of 0.02
  public init(_ configuration: Configuration = Configuration(), _ builder: NetworkBuilder) throws {
    let before = builder.parameters.count
    let (main, normal) = (builder["main"], Initializer.normal(deviation: 0.02))
    var (layers, inputs, index) = ([(ConvolutionLayer, BatchNormalizationLayer?)](), 3, 0)
    for layer in 0...configuration.layers {
      let outputs = configuration.width << min(layer, 3)
      let convolution = try ConvolutionLayer(
        main["\(index)"], inputs: inputs, outputs: outputs, kernel: 4, stride: layer < configuration.layers ? 2 : 1,
        padding: 1, hasBias: layer == 0, initial: normal)
      let norm =
        layer == 0
        ? nil
        : try BatchNormalizationLayer(
          main["\(index + 1)"], channels: outputs, scale: .normal(mean: 1, deviation: 0.02))
      layers.append((convolution, norm))
      // PyTorch numbers convolutions, normalisations and activations alike.
      index += layer == 0 ? 2 : 3
      inputs = outputs
    }
    self.layers = layers
    last = try ConvolutionLayer(
      main["\(index)"], inputs: inputs, outputs: 1, kernel: 4, padding: 1, initial: normal)
    parameters = Array(builder.parameters[before...])
  }

  /// - x: [batch, height, width, 3]
  /// - result: logits, [batch, rows, columns, 1]; 30 x 30 for 256 x 256 pixels
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    var x = x
    for (convolution, norm) in layers {
      x = try convolution(x, pass)
      if let norm { x = try norm(x, pass) }
      x = try x.leakyRectified(slope: 0.2)
    }
    return try last(x, pass)
  }
}

extension Tensor {
  /// x where it is above 0, and slope · x elsewhere.
  func leakyRectified(slope: Float) throws -> Tensor {
    try activated(.relu).affine(scale: 1 - slope, shift: 0).combined(.add, with: affine(scale: slope, shift: 0))
  }
}
