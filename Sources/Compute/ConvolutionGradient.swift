/// Every `step`-th tap of a kernel along one axis, `count` of them from `first` on.
public struct TapRun: Hashable, Sendable {
  public let first, step, count: Int
}

/// The weights of the convolution that carries gradients back through some taps of another one: taps in reverse order,
/// input and output channels exchanged.
///
/// - w: [kernel.height, kernel.width, inputChannels / groups, outputChannels]
/// - turned: [rows.count, columns.count, outputChannels / groups, inputChannels], with
///   `turned[r, s, j, c] = w[rows.first + rows.step · (rows.count − 1 − r), …, c mod (C / groups), c / (C / groups) · (O / groups) + j]`
public struct TapReversal: Hashable, Sendable {
  public let kernel: Extent2D
  public let inputChannels, outputChannels, groups: Int
  public let rows, columns: TapRun

  public var weightCount: Int { kernel.height * kernel.width * (inputChannels / groups) * outputChannels }
  public var turned: Shape { [rows.count, columns.count, outputChannels / groups, inputChannels] }
}

/// Pixels of a picture that lie on a grid: `y[n, top + stride·i, left + stride·j, c] = x[n, i, j, c]`, or `+=`; what would
/// lie outside of y is left out, y's other pixels keep their values.
///
/// - x: [batch, rows, columns, channels]
/// - y: [batch, height, width, channels]
public struct GridProblem: Hashable, Sendable {
  public let batch, rows, columns, channels, height, width: Int
  public let stride: Extent2D
  public let top, left: Int

  public var inputCount: Int { batch * rows * columns * channels }
  public var outputCount: Int { batch * height * width * channels }
  public var bytesMoved: Int { 8 * inputCount }
}

public protocol ConvolutionGradientKernels {
  /// `gradient[r, t, c, o] = Σ_{n, p, q} x[n, p·s + r·d − top, q·s + t·d − left, c] · outputGradient[n, p, q, o]`, in an
  /// order that the problem fixes; added to what is there when `accumulate`. Shapes as in ``ConvolutionProblem``.
  func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage, accumulate: Bool) throws
  func reverseTaps(_ p: TapReversal, _ w: Storage, into turned: Storage) throws
  func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage, accumulate: Bool) throws
}

extension Device {
  /// The gradient of a convolution's input, `Jᵀ · outputGradient`; added to what is there when `accumulate`.
  ///
  /// Without strides it is a convolution of the output's gradient with the taps reversed (Dumoulin and Visin 2016, arXiv
  /// 1603.07285, 4.3). With strides, input pixels of one remainder meet the same taps: each remainder is a convolution
  /// without strides by those taps, so no zeros are inserted and nothing is added twice.
  ///
  /// - outputGradient: [batch, outputHeight, outputWidth, outputChannels]
  /// - w: [kernel.height, kernel.width, inputChannels / groups, outputChannels]
  /// - gradient: [batch, height, width, inputChannels]
  /// - Throws: ``ShapeError`` or ``DeviceError``.
  public func convolveBackwardData(
    _ p: ConvolutionProblem, outputGradient: Storage, _ w: Storage, into gradient: Storage, accumulate: Bool = false
  ) throws {
    let arguments = Arguments("convolveBackwardData", on: self)
    try arguments.require(outputGradient, "the output's gradient", count: p.outputCount)
    try arguments.require(w, "w", count: p.weightCount)
    try arguments.require(gradient, "gradient", count: p.inputCount)
    let rows = AxisPhase.all(
      size: p.height, outputs: p.outputHeight, kernel: p.kernel.height, stride: p.stride.height,
      dilation: p.dilation.height, before: p.padding.top)
    let columns = AxisPhase.all(
      size: p.width, outputs: p.outputWidth, kernel: p.kernel.width, stride: p.stride.width,
      dilation: p.dilation.width, before: p.padding.left)
    let isWhole = p.stride == 1
    let (wholeRows, wholeColumns) = (rows.filter { $0.taps.count > 0 }, columns.filter { $0.taps.count > 0 })
    let leavesGaps = wholeRows.count < rows.count || wholeColumns.count < columns.count
    if leavesGaps, !accumulate { try fill(gradient, with: 0) }
    for row in wholeRows {
      for column in wholeColumns {
        let reversal = TapReversal(
          kernel: p.kernel, inputChannels: p.inputChannels, outputChannels: p.outputChannels, groups: p.groups,
          rows: row.taps, columns: column.taps)
        // Kept with the weights until these change, like their other layouts.
        let turned = try w.layout("turned \(reversal)") {
          let turned = try Storage(count: reversal.turned.count, on: self)
          try reverseTaps(reversal, w, into: turned)
          return turned
        }
        let part = ConvolutionProblem(backwardOf: p, rows: row, columns: column)
        if isWhole {
          let epilogue = Epilogue(residual: accumulate ? gradient : nil)
          try convolve(part, outputGradient, turned, epilogue: epilogue, into: gradient)
        } else {
          let pixels = try Storage(count: part.outputCount, on: self)
          try convolve(part, outputGradient, turned, epilogue: Epilogue(), into: pixels)
          let grid = GridProblem(
            batch: p.batch, rows: part.outputHeight, columns: part.outputWidth, channels: p.inputChannels,
            height: p.height, width: p.width, stride: p.stride, top: row.first, left: column.first)
          try placeOnGrid(grid, pixels, into: gradient, accumulate: accumulate)
        }
      }
    }
  }
}

/// Along one axis: the input positions of one remainder by the stride, and the taps that they meet.
struct AxisPhase {
  /// The first input position, and how many there are, a stride apart.
  let first, count: Int
  let taps: TapRun
  /// Steps between those taps, counted in outputs.
  let dilation: Int
  /// Zeros before the output's gradient; negative where its first positions are not needed.
  let before: Int

  /// Input position i meets tap r where i + before − r · dilation is a multiple of the stride. That is every (stride / g)-th
  /// tap, g the greatest common divisor of stride and dilation, or none.
  static func all(size: Int, outputs: Int, kernel: Int, stride: Int, dilation: Int, before: Int) -> [AxisPhase] {
    let step = stride / greatestCommonDivisor(stride, dilation)
    return (0..<min(stride, size)).map { first in
      let start = (0..<min(step, kernel)).first { (first + before - $0 * dilation) % stride == 0 }
      let count = start.map { (kernel - $0 + step - 1) / step } ?? 0
      let spacing = step * dilation / stride
      // The output position that tap `start` links with position `first`; exact, also where it is negative.
      let meeting = (first + before - (start ?? 0) * dilation) / stride
      return AxisPhase(
        first: first, count: (size - first + stride - 1) / stride,
        taps: TapRun(first: start ?? 0, step: step, count: count), dilation: spacing,
        before: spacing * (count - 1) - meeting)
    }
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}

extension ConvolutionProblem {
  /// The convolution without strides that makes some pixels of `p`'s input gradient from its output gradient. Its padding
  /// may be negative, and its outputs may end before or after the kernel does: devices read zeros beyond the picture.
  fileprivate init(backwardOf p: ConvolutionProblem, rows: AxisPhase, columns: AxisPhase) {
    batch = p.batch
    (height, width, inputChannels) = (p.outputHeight, p.outputWidth, p.outputChannels)
    (outputHeight, outputWidth, outputChannels) = (rows.count, columns.count, p.inputChannels)
    kernel = Extent2D(rows.taps.count, columns.taps.count)
    stride = 1
    dilation = Extent2D(rows.dilation, columns.dilation)
    padding = Padding(
      top: rows.before, left: columns.before,
      bottom: rows.count + rows.dilation * (kernel.height - 1) - rows.before - p.outputHeight,
      right: columns.count + columns.dilation * (kernel.width - 1) - columns.before - p.outputWidth)
    groups = p.groups
    let admits =
      kernel == 3 && dilation == 1 && groups == 1 && inputChannels % Self.winogradChannels == 0
      && padding.top >= 0 && padding.left >= 0
    algorithm = admits ? p.algorithm : .direct
  }

  package func checkWeightGradient(
    _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("convolveBackwardWeights", on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(outputGradient, "the output's gradient", count: outputCount)
    try arguments.require(gradient, "gradient", count: weightCount)
  }

  /// Rows of outputs, counted over the batch, whose products one task of a weight gradient adds up, and how many tasks
  /// that makes: some 2 048 pixels each, as long as all partial sums fit 64 MiB.
  package var weightGradientSplits: (lines: Int, count: Int) {
    let lines = batch * outputHeight
    let wanted = min((lines * outputWidth + 2047) / 2048, max((16 << 20) / weightCount, 1), lines)
    let each = (lines + wanted - 1) / wanted
    return (each, (lines + each - 1) / each)
  }
}

extension TapReversal {
  package func check(_ w: Storage, _ turned: Storage, on device: any Device) throws {
    let arguments = Arguments("reverseTaps", on: device)
    try arguments.require(w, "w", count: weightCount)
    try arguments.require(turned, "turned", count: self.turned.count)
  }
}

extension GridProblem {
  package func check(_ x: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments("placeOnGrid", on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(y, "y", count: outputCount)
  }
}
