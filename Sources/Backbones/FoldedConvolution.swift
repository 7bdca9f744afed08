import Checkpoints
public import Compute
import Foundation
public import Tensors

/// How a convolution's input is padded with zeros.
public enum ConvolutionPadding: Hashable, Sendable {
  /// TensorFlow's SAME, which depends on the input's size.
  case same
  /// So many on every side.
  case symmetric(Int)

  public func callAsFunction(height: Int, width: Int, kernel: Extent2D, stride: Extent2D) -> Padding {
    switch self {
    case .same: .same(height: height, width: width, kernel: kernel, stride: stride)
    case .symmetric(let count): Padding(integerLiteral: count)
    }
  }
}

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
  public let padding: ConvolutionPadding
  public let activation: Activation

  public init(
    weight: Storage, weightShape: Shape, bias: Storage, stride: Extent2D, groups: Int, padding: ConvolutionPadding,
    activation: Activation
  ) {
    self.weight = weight
    self.weightShape = weightShape
    self.bias = bias
    self.stride = stride
    self.groups = groups
    self.padding = padding
    self.activation = activation
  }

  /// Reads the plan's tensors, whose shapes are PyTorch's: [output, input / groups, kernelHeight, kernelWidth].
  init(_ plan: ConvolutionPlan, _ file: any TensorFile, epsilon: Double, on device: any Device) throws {
    let source = try file.tensor(named: "\(plan.name).weight", shape: plan.weightShape).values
    let (scale, bias) = try Self.scaleAndBias(plan, file, epsilon: epsilon)
    let (depth, area, outputs) = (plan.inputs / plan.groups, plan.kernel * plan.kernel, plan.outputs)
    var folded = [Float](repeating: 0, count: source.count)
    for output in 0..<outputs {
      for input in 0..<depth {
        for position in 0..<area {
          folded[(position * depth + input) * outputs + output] =
            Float(Double(source[(output * depth + input) * area + position]) * scale[output])
        }
      }
    }
    self.init(
      weight: try Storage(folded, on: device), weightShape: [plan.kernel, plan.kernel, depth, outputs],
      bias: try Storage(bias, on: device), stride: Extent2D(plan.stride, plan.stride), groups: plan.groups,
      padding: plan.padding, activation: plan.activation)
  }

  /// What each output channel's weights are multiplied by, and its bias.
  private static func scaleAndBias(
    _ plan: ConvolutionPlan, _ file: any TensorFile, epsilon: Double
  ) throws -> (scale: [Double], bias: [Float]) {
    guard let normalization = plan.normalization else {
      let bias = try file.tensor(named: "\(plan.name).bias", shape: [plan.outputs]).values
      return ([Double](repeating: 1, count: plan.outputs), bias)
    }
    let vectors = try ConvolutionPlan.normalizationParts.map {
      try file.tensor(named: "\(normalization).\($0)", shape: [plan.outputs]).values.map(Double.init)
    }
    let (gamma, beta, mean, variance) = (vectors[0], vectors[1], vectors[2], vectors[3])
    let scale = (0..<plan.outputs).map { gamma[$0] / (variance[$0] + epsilon).squareRoot() }
    return (scale, (0..<plan.outputs).map { Float(beta[$0] - mean[$0] * scale[$0]) })
  }

  /// - x: [batch, height, width, inputChannels]
  public func callAsFunction(_ x: Tensor, residual: Tensor? = nil) throws -> Tensor {
    let kernel = Extent2D(weightShape[0], weightShape[1])
    return try x.convolved(
      with: Tensor(weight, shape: weightShape), bias: Tensor(bias, shape: [bias.count]), residual: residual,
      activation: activation, stride: stride,
      padding: padding(height: x.shape[1], width: x.shape[2], kernel: kernel, stride: stride), groups: groups)
  }
}
