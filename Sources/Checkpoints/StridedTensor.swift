import Foundation

/// A tensor as a file describes it: a strided view of a storage.
package struct StridedTensor: Sendable {
  let storage: String
  let type: ElementType
  let offset: Int
  let shape: [Int]
  let strides: [Int]

  /// Elements of the result, or nil when the description is impossible for a storage of `available` elements: too many
  /// axes, negative numbers, an overflow, or an element out of reach.
  func elementCount(available: Int) -> Int? {
    guard shape.count == strides.count, shape.count <= Self.axisLimit, offset >= 0 else { return nil }
    guard shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else { return nil }
    var (count, last) = (1, offset)
    for (extent, stride) in zip(shape, strides) {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      let (reach, reachOverflow) = stride.multipliedReportingOverflow(by: max(extent - 1, 0))
      let (sum, sumOverflow) = last.addingReportingOverflow(reach)
      guard !overflow, !reachOverflow, !sumOverflow else { return nil }
      (count, last) = (product, sum)
    }
    guard count > 0 else { return 0 }
    let isBounded = count <= max(available, Self.expandedLimit) || Self.expandsFreely
    return last < available && isBounded ? count : nil
  }

  /// Lifts the limits of expanded tensors, for tests whose small files stand for large ones: true names and shapes, and
  /// values that repeat.
  @TaskLocal package static var expandsFreely = false

  static let axisLimit = 64
  /// Expanded tensors (stride 0) may be larger than their storage, but not without bound: 64 MB of floats.
  static let expandedLimit = 1 << 24

  /// The storage's elements from the first to the last that the tensor has; the description must have been checked.
  var reach: Range<Int> {
    guard shape.allSatisfy({ $0 > 0 }) else { return 0..<0 }
    return offset..<(zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 } + 1)
  }

  /// The elements in row-major order, from those in reach.
  func rowMajor(_ storage: [Float]) -> [Float] {
    let count = shape.reduce(1, *)
    guard count > 0 else { return [] }
    if isRowMajor { return storage }
    return [Float](unsafeUninitializedCapacity: count) { result, written in
      storage.withUnsafeBufferPointer { copy($0, to: result) }
      written = count
    }
  }

  private var isRowMajor: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() {
      if extent > 1 && stride != expected { return false }
      expected *= extent
    }
    return true
  }

  private func copy(_ storage: UnsafeBufferPointer<Float>, to result: UnsafeMutableBufferPointer<Float>) {
    var position = [Int](repeating: 0, count: shape.count)
    let inner = shape.last ?? 1
    let innerStride = strides.last ?? 0
    var (start, target) = (0, 0)
    while true {
      for index in 0..<inner { result[target + index] = storage[start + index * innerStride] }
      target += inner
      // Advance the outer axes like an odometer.
      var axis = shape.count - 2
      while axis >= 0 {
        position[axis] += 1
        start += strides[axis]
        if position[axis] < shape[axis] { break }
        start -= shape[axis] * strides[axis]
        position[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}

extension StridedTensor {
  /// The tensor's values out of a storage that begins at a place of a file. Only what the tensor reaches is read: many
  /// may share one large storage.
  func read(
    _ name: String, from bytes: FileBytes, storageAt start: Int, isBigEndian: Bool
  ) throws(CheckpointError) -> HostTensor {
    guard !type.isComplex else {
      throw bytes.unsupported(start, "the tensor '\(name)' has complex numbers (\(type.rawValue))")
    }
    let data = try bytes.slice(start + reach.lowerBound * type.byteCount, reach.count * type.byteCount)
    let values = data.withUnsafeBytes { type.floats($0, isBigEndian: isBigEndian) }
    return HostTensor(shape: shape, values: rowMajor(values))
  }
}
