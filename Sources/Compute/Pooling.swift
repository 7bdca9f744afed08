/// Windows that slide over NHWC pictures, each channel on its own.
///
/// - x: [batch, height, width, channels]
/// - y: [batch, outputHeight, outputWidth, channels]
public struct PoolingProblem: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// The largest element inside the picture; NaN wins, as in PyTorch.
    case maximum
    /// The mean; zeros of the padding count in the divisor or not.
    case average(paddingCounts: Bool)
  }

  public let kind: Kind
  public let batch, height, width, channels: Int
  public let outputHeight, outputWidth: Int
  public let kernel, stride: Extent2D
  public let padding: Padding

  /// - Throws: ``ShapeError`` when shapes do not fit, or when the padding reaches half of the kernel or more, so that a
  ///   window could lie outside of the picture.
  public init(
    _ kind: Kind, input: Shape, kernel: Extent2D, stride: Extent2D? = nil, padding: Padding = 0
  ) throws(ShapeError) {
    let operation = "pool"
    guard input.rank == 4 else {
      throw .outOfRange(operation: operation, what: "the input's rank", value: input.rank, allowed: 4...4)
    }
    try Shape.checkedCount(input.extents, operation: operation)
    for (what, value, size) in [
      ("padding top", padding.top, kernel.height), ("padding bottom", padding.bottom, kernel.height),
      ("padding left", padding.left, kernel.width), ("padding right", padding.right, kernel.width),
    ] where value > size / 2 {
      throw .outOfRange(operation: operation, what: what, value: value, allowed: 0...max(size / 2, 0))
    }
    self.kind = kind
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
    batch = input[0]
    height = input[1]
    width = input[2]
    channels = input[3]
    outputHeight = try windowPositions(
      operation: operation, axis: "height", input: height, before: padding.top, after: padding.bottom,
      kernel: kernel.height, stride: self.stride.height)
    outputWidth = try windowPositions(
      operation: operation, axis: "width", input: width, before: padding.left, after: padding.right,
      kernel: kernel.width, stride: self.stride.width)
  }

  /// One window over the whole picture.
  public static func global(_ kind: Kind, input: Shape) throws(ShapeError) -> PoolingProblem {
    guard input.rank == 4 else {
      throw .outOfRange(operation: "pool", what: "the input's rank", value: input.rank, allowed: 4...4)
    }
    return try PoolingProblem(kind, input: input, kernel: Extent2D(input[1], input[2]))
  }

  public var output: Shape { [batch, outputHeight, outputWidth, channels] }
  public var inputCount: Int { batch * height * width * channels }
  public var outputCount: Int { output.count }
  public var floatingPointOperations: Int { outputCount * kernel.height * kernel.width }
  public var bytesMoved: Int { 4 * (inputCount + outputCount) }
}

public protocol PoolingKernels {
  func pool(_ p: PoolingProblem, _ x: Storage, into y: Storage) throws
  /// The gradient of a pool's input: means share theirs out, a maximum gives it to the first of its largest elements,
  /// or to its last NaN.
  ///
  /// - x, gradient: [batch, height, width, channels]
  /// - outputGradient: [batch, outputHeight, outputWidth, channels]
  func poolBackward(_ p: PoolingProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage) throws
}

extension PoolingProblem {
  package func check(_ x: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments("pool", on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(y, "y", count: outputCount)
  }

  package func checkGradient(
    _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("poolBackward", on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(outputGradient, "the output's gradient", count: outputCount)
    try arguments.require(gradient, "gradient", count: inputCount)
  }

  /// Rows of a picture whose gradients of maxima a task takes, and how many such bands a picture has: a window at the border
  /// of two is looked through twice.
  package var gradientBands: (rows: Int, count: Int) {
    let rows = min(max(8 * stride.height, kernel.height), height)
    return (rows, (height + rows - 1) / rows)
  }
}
