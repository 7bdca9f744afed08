public import Compute
public import Tensors

/// A convolution with parameters of its own.
public struct ConvolutionLayer {
  /// [kernelHeight, kernelWidth, inputChannels / groups, outputChannels]
  public let weight: Parameter
  /// [outputChannels]
  public let bias: Parameter?
  public let stride: Extent2D
  public let padding: Padding
  public let groups: Int

  /// - initial: PyTorch's own unless given
  public init(
    _ builder: NetworkBuilder, inputs: Int, outputs: Int, kernel: Extent2D, stride: Extent2D = 1,
    padding: Padding = 0, groups: Int = 1, hasBias: Bool = true, initial: Initializer? = nil
  ) throws {
    let fanIn = kernel.height * kernel.width * (inputs / groups)
    weight = try builder.parameter(
      "weight", [kernel.height, kernel.width, inputs / groups, outputs], initial ?? .framework(fanIn: fanIn),
      checkpointAxes: [3, 2, 0, 1])
    bias = hasBias ? try builder.parameter("bias", [outputs], .framework(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  /// - x: [batch, height, width, inputChannels]
  /// - residual: of the result's shape, is added to it
  public func callAsFunction(_ x: Tensor, residual: Tensor? = nil, _ pass: Pass) throws -> Tensor {
    try x.convolved(
      with: weight.tensor(on: pass.tape), bias: bias?.tensor(on: pass.tape), residual: residual, stride: stride,
      padding: padding, groups: groups)
  }
}

/// The transpose of a convolution, as PyTorch's `ConvTranspose2d`.
public struct TransposedConvolutionLayer {
  /// [kernelHeight, kernelWidth, outputChannels, inputChannels]
  public let weight: Parameter
  /// [outputChannels]
  public let bias: Parameter?
  public let stride: Extent2D
  public let padding: Padding

  public init(
    _ builder: NetworkBuilder, inputs: Int, outputs: Int, kernel: Extent2D, stride: Extent2D, padding: Padding = 0,
    hasBias: Bool = true, initial: Initializer? = nil
  ) throws {
    // PyTorch counts the fan of the weight's second axis, which holds the outputs here.
    let fan = kernel.height * kernel.width * outputs
    weight = try builder.parameter(
      "weight", [kernel.height, kernel.width, outputs, inputs], initial ?? .framework(fanIn: fan),
      checkpointAxes: [3, 2, 0, 1])
    bias = hasBias ? try builder.parameter("bias", [outputs], .framework(fanIn: fan)) : nil
    self.stride = stride
    self.padding = padding
  }

  /// - x: [batch, height, width, inputChannels]
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    try x.transposeConvolved(
      with: weight.tensor(on: pass.tape), bias: bias?.tensor(on: pass.tape), stride: stride, padding: padding)
  }
}
