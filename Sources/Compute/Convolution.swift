/// A 2-D convolution (cross-correlation) of NHWC pictures:
/// `y[n, p, q, o] = Σ x[n, p·s + r·d − top, q·s + t·d − left, c] · w[r, t, c, o]`.
///
/// - x: [batch, height, width, inputChannels]
/// - w: [kernel.height, kernel.width, inputChannels / groups, outputChannels]
/// - y: [batch, outputHeight, outputWidth, outputChannels], with
///   outputHeight = (height + top + bottom − dilation·(kernel − 1) − 1) / stride + 1
///
/// Output channel `o` belongs to group `o / (outputChannels / groups)` and reads that group's input channels.
/// Depthwise is `groups == inputChannels`.
public struct ConvolutionProblem: Hashable, Sendable {
  public let batch, height, width, inputChannels: Int
  public let outputHeight, outputWidth, outputChannels: Int
  public let kernel, stride, dilation: Extent2D
  public let padding: Padding
  public let groups: Int
  public let algorithm: ConvolutionAlgorithm

  /// - Throws: ``ShapeError`` when channel counts are not multiples of `groups`, shapes do not fit, the kernel reaches
  ///   over more than the padded picture, or the problem is not one for the algorithm that is asked for.
  public init(
    input: Shape, weight: Shape, stride: Extent2D = 1, padding: Padding = 0, dilation: Extent2D = 1, groups: Int = 1,
    algorithm: ConvolutionAlgorithm = .automatic
  ) throws(ShapeError) {
    let operation = "convolve"
    guard input.rank == 4 else {
      throw .outOfRange(operation: operation, what: "the input's rank", value: input.rank, allowed: 4...4)
    }
    guard weight.rank == 4 else {
      throw .outOfRange(operation: operation, what: "the weight's rank", value: weight.rank, allowed: 4...4)
    }
    try Shape.checkedCount(input.extents, operation: operation)
    try Shape.checkedCount(weight.extents, operation: operation)
    guard groups >= 1, input[3] % groups == 0 else {
      throw .notDivisible(operation: operation, what: "input channels", value: input[3], by: groups)
    }
    guard weight[3] % groups == 0 else {
      throw .notDivisible(operation: operation, what: "output channels", value: weight[3], by: groups)
    }
    guard weight[2] == input[3] / groups else {
      throw .mismatch(
        operation: operation, argument: "weight", expected: [weight[0], weight[1], input[3] / groups, weight[3]],
        found: weight.extents)
    }
    batch = input[0]
    height = input[1]
    width = input[2]
    inputChannels = input[3]
    outputChannels = weight[3]
    kernel = Extent2D(weight[0], weight[1])
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    self.algorithm = algorithm
    outputHeight = try windowPositions(
      operation: operation, axis: "height", input: input[1], before: padding.top, after: padding.bottom,
      kernel: weight[0], stride: stride.height, dilation: dilation.height)
    outputWidth = try windowPositions(
      operation: operation, axis: "width", input: input[2], before: padding.left, after: padding.right,
      kernel: weight[1], stride: stride.width, dilation: dilation.width)
    try Shape.checkedCount([batch, outputHeight, outputWidth, outputChannels], operation: operation)
    guard algorithm.tileEdge == nil || admitsWinograd else {
      throw .unsuitable(
        operation: operation,
        reason:
          "\(algorithm) takes 3 x 3 kernels without stride, dilation and groups, and input channels in multiples of "
          + "\(Self.winogradChannels)")
    }
  }

  public var isDepthwise: Bool { groups == inputChannels && outputChannels == inputChannels }
  /// A 1x1 convolution without stride or padding, which is a plain matrix product.
  public var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 && groups == 1 }
  public var output: Shape { [batch, outputHeight, outputWidth, outputChannels] }
  public var inputCount: Int { batch * height * width * inputChannels }
  public var weightCount: Int { kernel.height * kernel.width * (inputChannels / groups) * outputChannels }
  public var outputCount: Int { output.count }
  public var floatingPointOperations: Int {
    2 * outputCount * kernel.height * kernel.width * (inputChannels / groups)
  }
  public var bytesMoved: Int { 4 * (inputCount + weightCount + outputCount) }
}

/// What happens to a convolution's sum before it is written: `y = activation(sum + bias + residual)`.
public struct Epilogue: Sendable {
  /// [outputChannels]
  public var bias: Storage?
  /// The output's shape; may be the output itself.
  public var residual: Storage?
  public var activation: Activation

  public init(bias: Storage? = nil, residual: Storage? = nil, activation: Activation = .none) {
    self.bias = bias
    self.residual = residual
    self.activation = activation
  }
}

public protocol ConvolutionKernels {
  /// `y = activation(x ⋆ w + bias + residual)`; shapes as in ``ConvolutionProblem``.
  func convolve(_ p: ConvolutionProblem, _ x: Storage, _ w: Storage, epilogue: Epilogue, into y: Storage) throws
}

extension ConvolutionProblem {
  package func check(
    _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("convolve", on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(w, "w", count: weightCount)
    try arguments.require(y, "y", count: outputCount)
    if let bias = epilogue.bias { try arguments.require(bias, "bias", count: outputChannels) }
    if let residual = epilogue.residual { try arguments.require(residual, "residual", count: outputCount) }
  }
}
