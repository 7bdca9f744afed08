import Compute
import Tensors

/// Pictures brought to another size, or parts of them, as one product of matrices along each axis: linear, so the way back is
/// a product, too.
struct AxisSampling {
  /// [size, extent] one after another: the weights by which positions of the picture make one position of the result.
  private(set) var weights: [Float] = []
  let extent, size: Int

  init(extent: Int, size: Int) {
    (self.extent, self.size) = (extent, size)
  }

  /// Adds a part of the axis: averaged where it shrinks, linear between the centres of pixels where it grows.
  ///
  /// - isReversed: whether it is mirrored
  mutating func append(start: Int, length: Int, isReversed: Bool = false) {
    var rows = [[Float]](repeating: [Float](repeating: 0, count: extent), count: size)
    for position in 0..<size {
      for (index, weight) in Self.taps(position, length: length, size: size) { rows[position][start + index] += weight }
    }
    weights += (isReversed ? rows.reversed() : rows).flatMap(\.self)
  }

  /// Averages over the whole axis, PyTorch's `adaptive_avg_pool`.
  mutating func appendAveraged() {
    for position in 0..<size {
      var row = [Float](repeating: 0, count: extent)
      let window = Self.window(position, length: extent, size: size)
      for index in window { row[index] = 1 / Float(window.count) }
      weights += row
    }
  }

  /// The positions that PyTorch's adaptive pools put together.
  static func window(_ position: Int, length: Int, size: Int) -> Range<Int> {
    (position * length / size)..<(((position + 1) * length + size - 1) / size)
  }

  private static func taps(_ position: Int, length: Int, size: Int) -> [(Int, Float)] {
    if length > size {
      let window = window(position, length: length, size: size)
      return window.map { ($0, 1 / Float(window.count)) }
    }
    let source = max((Double(position) + 0.5) * Double(length) / Double(size) - 0.5, 0)
    let first = min(Int(source), length - 1)
    let part = source - Double(first)
    return [(first, Float(1 - part)), (min(first + 1, length - 1), Float(part))]
  }

  /// - picture: [1, height, width, channels]; rows and columns have equally many parts
  /// - result: [parts, size, size, channels]
  static func apply(rows: AxisSampling, columns: AxisSampling, to picture: Tensor) throws -> Tensor {
    let (height, width, channels, device) = (
      picture.shape[1], picture.shape[2], picture.shape[3], picture.device
    )
    let (tall, wide) = (rows.size, columns.size)
    let parts = rows.weights.count / (tall * height)
    let narrowed = try Tensor(rows.weights, shape: [parts * tall, height], on: device)
      .multiplied(by: picture.reshaped(to: [height, width * channels]))
    let turned = try narrowed.reshaped(to: [parts, tall, width, channels]).permuted([0, 2, 1, 3])
    return try Tensor(columns.weights, shape: [parts, wide, width], on: device)
      .multiplied(by: turned.reshaped(to: [parts, width, tall * channels]))
      .reshaped(to: [parts, wide, tall, channels]).permuted([0, 2, 1, 3])
  }
}

extension Tensor {
  /// PyTorch's `adaptive_max_pool2d`; equal maxima share their gradient.
  ///
  /// - self: [1, height, width, channels]; result: [1, size, size, channels]
  func adaptivelyMaximized(size: Int) throws -> Tensor {
    let channels = shape[3]
    let rows = try maximized(extent: shape[1], size: size).reshaped(to: [size, shape[2], channels])
    let turned = try rows.permuted([1, 0, 2]).reshaped(to: [1, shape[2], size, channels])
    return try turned.maximized(extent: shape[2], size: size).reshaped(to: [size, size, channels])
      .permuted([1, 0, 2]).reshaped(to: [1, size, size, channels])
  }

  /// Along the second axis; [size, rest].
  private func maximized(extent: Int, size: Int) throws -> Tensor {
    let windows = (0..<size).map { AxisSampling.window($0, length: extent, size: size) }
    let widest = windows.map(\.count).max() ?? 1
    // Shorter windows have their last position more than once, which moves neither the maximum nor where its gradient goes.
    let indices = windows.flatMap { window in
      (0..<widest).map { Int32(min(window.lowerBound + $0, window.upperBound - 1)) }
    }
    let rest = shape.count / extent
    return try reshaped(to: [extent, rest]).gatheredRows(IndexStorage(indices, on: device))
      .reshaped(to: [size, widest, rest]).reduced(.maximum, axis: 1)
  }
}
