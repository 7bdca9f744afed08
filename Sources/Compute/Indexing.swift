/// A rectangle copied between two row-major matrices: the mechanism behind concatenation and slicing along any axis.
///
/// Row `r`, column `c` of the rectangle is read at `sourceOffset + r·sourceStride + c` and written at
/// `targetOffset + r·targetStride + c`.
public struct BlockCopy: Hashable, Sendable {
  public let rows, columns: Int
  public let sourceOffset, sourceStride: Int
  public let targetOffset, targetStride: Int

  public init(
    rows: Int, columns: Int, sourceOffset: Int = 0, sourceStride: Int? = nil, targetOffset: Int = 0,
    targetStride: Int? = nil
  ) throws(ShapeError) {
    try Shape.checkedCount([rows, columns], operation: "copy")
    self.rows = rows
    self.columns = columns
    self.sourceOffset = sourceOffset
    self.sourceStride = sourceStride ?? columns
    self.targetOffset = targetOffset
    self.targetStride = targetStride ?? columns
    for (what, value, least) in [
      ("source offset", sourceOffset, 0), ("source stride", self.sourceStride, columns),
      ("target offset", targetOffset, 0), ("target stride", self.targetStride, columns),
    ] where value < least || value > Int(Int32.max) {
      throw .outOfRange(operation: "copy", what: what, value: value, allowed: least...Int(Int32.max))
    }
  }

  /// One past the last element read, and written.
  public var sourceEnd: Int { sourceOffset + (rows - 1) * sourceStride + columns }
  public var targetEnd: Int { targetOffset + (rows - 1) * targetStride + columns }
}

extension BlockCopy {
  package func check(_ x: Storage, _ y: Storage, on device: any Device) throws {
    guard sourceEnd <= x.count else {
      throw ShapeError.mismatch(operation: "copy", argument: "source", expected: [sourceEnd], found: [x.count])
    }
    guard targetEnd <= y.count else {
      throw ShapeError.mismatch(operation: "copy", argument: "target", expected: [targetEnd], found: [y.count])
    }
    let arguments = Arguments("copy", on: device)
    try arguments.require(x, "x", count: x.count)
    try arguments.require(y, "y", count: y.count)
  }
}

/// Axes in another order: `y` has extents `x.extents[order[0]], x.extents[order[1]], …`.
public struct PermutationProblem: Hashable, Sendable {
  /// Always four extents and four axes; shorter tensors get leading ones.
  public let extents: [Int]
  public let order: [Int]
  public let output: Shape

  /// - Throws: ``ShapeError`` when `order` is not a permutation of the axes, or there are more than four.
  public init(input: Shape, order: [Int]) throws(ShapeError) {
    try Shape.checkedCount(input.extents, operation: "permute")
    guard input.rank <= 4 else {
      throw .outOfRange(operation: "permute", what: "the input's rank", value: input.rank, allowed: 0...4)
    }
    guard order.sorted() == Array(0..<input.rank) else {
      throw .mismatch(operation: "permute", argument: "order", expected: Array(0..<input.rank), found: order)
    }
    let missing = 4 - input.rank
    extents = Array(repeating: 1, count: missing) + input.extents
    self.order = Array(0..<missing) + order.map { $0 + missing }
    output = Shape(order.map { input[$0] })
  }

  public var count: Int { output.count }
}

public protocol IndexingKernels {
  /// `y[i, ·] = x[indices[i], ·]`. An index outside of x's rows gives a row of NaN, never a read out of bounds.
  ///
  /// - x: [rows, width]; y: [indices.count, width]
  func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws
  /// The way back: `y[r, ·] = Σ x[i, ·]` over the i with `indices[i] = r`, added in their order; 0 where there are none. For
  /// gradients of gathered rows, and for codebooks that follow their entries. Indices outside of y's rows count for nothing.
  ///
  /// - x: [indices.count, width]; y: [rows, width]
  func accumulateRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws
  /// Copies a rectangle; the rest of `y` keeps its contents.
  func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws
  func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws
}

extension PermutationProblem {
  package func check(_ x: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments("permute", on: device)
    try arguments.require(x, "x", count: count)
    try arguments.require(y, "y", count: count)
  }
}
