/// The extents of a contiguous, row-major tensor; the last one varies fastest.
///
/// Pictures and feature maps are [batch, height, width, channels] everywhere.
public struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
  public let extents: [Int]

  public init(_ extents: [Int]) { self.extents = extents }
  public init(arrayLiteral elements: Int...) { extents = elements }

  public var rank: Int { extents.count }
  /// The number of elements: the product of the extents.
  public var count: Int { extents.reduce(1, *) }
  public subscript(axis: Int) -> Int { extents[axis] }
  public var description: String { extents.description }

  /// The product of `extents`, which must all be at least 1 and stay below 2³¹ together.
  ///
  /// - Throws: ``ShapeError`` naming the operation.
  @discardableResult
  public static func checkedCount(_ extents: [Int], operation: String) throws(ShapeError) -> Int {
    var count = 1
    for extent in extents {
      guard extent >= 1 else {
        throw .outOfRange(operation: operation, what: "every extent of \(extents)", value: extent, allowed: 1...Int.max)
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= Int(Int32.max) else { throw .tooLarge(operation: operation, shape: extents) }
      count = product
    }
    return count
  }
}

/// A height and a width: kernel sizes, strides, dilations.
public struct Extent2D: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(_ height: Int, _ width: Int) {
    self.height = height
    self.width = width
  }
  public init(integerLiteral value: Int) { self.init(value, value) }
  public var description: String { "\(height)x\(width)" }
}

/// Rows and columns of zeros added on each side of a picture.
public struct Padding: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  public var top: Int
  public var left: Int
  public var bottom: Int
  public var right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }
  public init(integerLiteral value: Int) { self.init(top: value, left: value, bottom: value, right: value) }
  public var description: String { "[\(top), \(left), \(bottom), \(right)]" }

  /// TensorFlow's SAME: `output = ⌈input / stride⌉`, the odd row or column goes after.
  public static func same(height: Int, width: Int, kernel: Extent2D, stride: Extent2D) -> Padding {
    func total(_ input: Int, _ kernel: Int, _ stride: Int) -> Int {
      max(((input + stride - 1) / stride - 1) * stride + kernel - input, 0)
    }
    let vertical = total(height, kernel.height, stride.height)
    let horizontal = total(width, kernel.width, stride.width)
    return Padding(
      top: vertical / 2, left: horizontal / 2, bottom: vertical - vertical / 2, right: horizontal - horizontal / 2)
  }
}

/// The number of positions of a window along one axis, or an error naming the operation.
func windowPositions(
  operation: String, axis: String, input: Int, before: Int, after: Int, kernel: Int, stride: Int, dilation: Int = 1
) throws(ShapeError) -> Int {
  for (what, value, least) in [
    ("kernel \(axis)", kernel, 1), ("stride \(axis)", stride, 1), ("dilation \(axis)", dilation, 1),
    ("padding before \(axis)", before, 0), ("padding after \(axis)", after, 0),
  ] where value < least || value > 1 << 20 {
    throw .outOfRange(operation: operation, what: what, value: value, allowed: least...(1 << 20))
  }
  let span = dilation * (kernel - 1) + 1
  let padded = input + before + after
  guard span <= padded else {
    throw .outOfRange(
      operation: operation, what: "the kernel's reach over the \(axis)", value: span, allowed: 1...max(padded, 1))
  }
  return (padded - span) / stride + 1
}
