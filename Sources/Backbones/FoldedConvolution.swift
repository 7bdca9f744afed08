import Checkpoints
public import Compute
import Foundation
public import Tensors

/// A convolution with its batch normalisation folded in, its activation and residual fused: one pass at inference.
///
/// With scale = γ / √(σ² + ε): weights become `w · scale`, the bias `β − μ · scale`, both in Double before rounding.
public struct FoldedConvolution: Sendable {
  public let weight: Storage
  /// [kernelHeight, kernelWidth, inputChannels / groups, outputChannels]
  public let weightShape: Shape
  public let bias: Storage
  public let stride: Extent2D
  public let groups: Int
  public let activation: Activation

  /// Reads `<convolution>.weight` and the four vectors of `<normalization>` in PyTorch's layout
  /// [output, input / groups, kernelHeight, kernelWidth].
  init(
    _ weights: WeightReader, convolution: String, normalization: String, inputs: Int, outputs: Int, kernel: Int,
    stride: Int = 1, groups: Int = 1, activation: Activation, epsilon: Double, on device: any Device
  ) throws {
    let depth = inputs / groups
    let source = try weights("\(convolution).weight", [outputs, depth, kernel, kernel])
    let gamma = try weights("\(normalization).weight", [outputs])
    let beta = try weights("\(normalization).bias", [outputs])
    let mean = try weights("\(normalization).running_mean", [outputs])
    let variance = try weights("\(normalization).running_var", [outputs])
    let scale = (0..<outputs).map { Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
    let area = kernel * kernel
    var folded = [Float](repeating: 0, count: source.count)
    for output in 0..<outputs {
      for input in 0..<depth {
        for position in 0..<area {
          folded[(position * depth + input) * outputs + output] =
            Float(Double(source[(output * depth + input) * area + position]) * scale[output])
        }
      }
    }
    weight = try Storage(folded, on: device)
    weightShape = [kernel, kernel, depth, outputs]
    bias = try Storage((0..<outputs).map { Float(Double(beta[$0]) - Double(mean[$0]) * scale[$0]) }, on: device)
    self.stride = Extent2D(stride, stride)
    self.groups = groups
    self.activation = activation
  }

  /// - x: [batch, height, width, inputChannels]
  /// - padding: TensorFlow's SAME unless given
  public func callAsFunction(_ x: Tensor, residual: Tensor? = nil, padding: Padding? = nil) throws -> Tensor {
    let kernel = Extent2D(weightShape[0], weightShape[1])
    return try x.convolved(
      with: Tensor(weight, shape: weightShape), bias: Tensor(bias, shape: [bias.count]), residual: residual,
      activation: activation, stride: stride,
      padding: padding ?? .same(height: x.shape[1], width: x.shape[2], kernel: kernel, stride: stride), groups: groups)
  }
}
