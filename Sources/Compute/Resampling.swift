/// NHWC pictures brought to another size, without antialiasing.
///
/// - x: [batch, height, width, channels]
/// - y: [batch, outputHeight, outputWidth, channels]
///
/// Source coordinates are computed in Float32 as `position · scale` in one product, the same on every device: another
/// order of operations would flip pixels at exact halves.
public struct ResamplingProblem: Hashable, Sendable {
  public enum Mode: Int32, CaseIterable, Sendable {
    /// The element at `⌊i · in/out⌋`.
    case nearest
    /// Linear between the centres of pixels: source = (i + ½)·in/out − ½, clamped (PyTorch's `align_corners=False`).
    case bilinearHalfPixel
    /// Linear with the corners aligned: source = i·(in − 1)/(out − 1) (`align_corners=True`).
    case bilinearAlignCorners
  }

  public let mode: Mode
  public let batch, height, width, channels: Int
  public let outputHeight, outputWidth: Int

  public init(_ mode: Mode, input: Shape, outputHeight: Int, outputWidth: Int) throws(ShapeError) {
    guard input.rank == 4 else {
      throw .outOfRange(operation: "resample", what: "the input's rank", value: input.rank, allowed: 4...4)
    }
    try Shape.checkedCount(input.extents, operation: "resample")
    try Shape.checkedCount([input[0], outputHeight, outputWidth, input[3]], operation: "resample")
    self.mode = mode
    batch = input[0]
    height = input[1]
    width = input[2]
    channels = input[3]
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
  }

  /// Source pixels a step of the output, along one axis of `input` and `output` pixels.
  package func scale(input: Int, output: Int) -> Float {
    switch mode {
    case .nearest, .bilinearHalfPixel: Float(input) / Float(output)
    case .bilinearAlignCorners: output > 1 ? Float(input - 1) / Float(output - 1) : 0
    }
  }

  public var input: Shape { [batch, height, width, channels] }
  public var output: Shape { [batch, outputHeight, outputWidth, channels] }
  public var inputCount: Int { batch * height * width * channels }
  public var outputCount: Int { output.count }
  public var bytesMoved: Int { 4 * (inputCount + outputCount) }
}

public protocol ResamplingKernels {
  func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws
  /// The gradient of a resize's input, `Jᵀ · outputGradient`.
  func resampleBackward(_ p: ResamplingProblem, outputGradient: Storage, into gradient: Storage) throws
}

extension ResamplingProblem {
  package func check(_ operation: String, _ x: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments(operation, on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(y, "y", count: outputCount)
  }
}
