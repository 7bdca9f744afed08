import Compute
import Networks
import Tensors

/// An encoder or a decoder.
struct Coder {
  private enum Layer {
    case convolution(ConvolutionLayer)
    case doubling(ConvolutionLayer)
    case residual(SwishResidualBlock)
    case attention(PixelAttentionBlock)
    case normalization(GroupNormalizationLayer)
  }

  private let layers: [(name: String, layer: Layer)]
  /// The last convolution's.
  let lastWeight: Parameter

  init(_ plan: [CoderLayerPlan], _ builder: NetworkBuilder) throws {
    layers = try plan.map { ($0.name, try Self.layer($0, builder[$0.name])) }
    guard case .convolution(let last)? = layers.last?.layer else {
      preconditionFailure("a coder ends with a convolution")
    }
    lastWeight = last.weight
  }

  private static func layer(_ plan: CoderLayerPlan, _ builder: NetworkBuilder) throws -> Layer {
    func convolution(stride: Extent2D = 1, padding: Padding = 1) throws -> ConvolutionLayer {
      try ConvolutionLayer(
        builder, inputs: plan.inputs, outputs: plan.outputs, kernel: 3, stride: stride, padding: padding)
    }
    switch plan.kind {
    case .convolution: return .convolution(try convolution())
    case .halving:
      return .convolution(try convolution(stride: 2, padding: Padding(top: 0, left: 0, bottom: 1, right: 1)))
    case .doubling: return .doubling(try convolution())
    case .residual: return .residual(try SwishResidualBlock(builder, inputs: plan.inputs, outputs: plan.outputs))
    case .attention: return .attention(try PixelAttentionBlock(builder, channels: plan.inputs))
    case .normalization: return .normalization(try GroupNormalizationLayer(builder, channels: plan.inputs))
    }
  }

  /// - x: [batch, height, width, inputs]
  /// - visit: gets each layer's name and output
  func callAsFunction(
    _ x: Tensor, _ pass: Pass, visit: ((String, Tensor) throws -> Void)? = nil
  ) throws -> Tensor {
    var x = x
    for (name, layer) in layers {
      switch layer {
      case .convolution(let convolution): x = try convolution(x, pass)
      case .doubling(let convolution):
        x = try convolution(x.resampled(.nearest, height: 2 * x.shape[1], width: 2 * x.shape[2]), pass)
      case .residual(let block): x = try block(x, pass)
      case .attention(let block): x = try block(x, pass)
      case .normalization(let norm): x = try norm(x, activation: .silu, pass)
      }
      try visit?(name, x)
    }
    return x
  }
}
