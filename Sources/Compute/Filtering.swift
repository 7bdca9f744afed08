/// A separable symmetric filter over single-channel maps: each row, then each column, is convolved with `taps`.
///
/// - x, y: [batch, height, width]
/// - taps: [2 · radius + 1]
///
/// Edges are reflected with the edge pixel repeated (`d c b a | a b c d | d c b a`, SciPy's "reflect"), also where the
/// radius is larger than the map.
public struct FilteringProblem: Hashable, Sendable {
  public let batch, height, width, radius: Int

  public init(batch: Int, height: Int, width: Int, radius: Int) throws(ShapeError) {
    try Shape.checkedCount([batch, height, width], operation: "filter")
    guard (0...4096).contains(radius) else {
      throw .outOfRange(operation: "filter", what: "radius", value: radius, allowed: 0...4096)
    }
    self.batch = batch
    self.height = height
    self.width = width
    self.radius = radius
  }

  public var count: Int { batch * height * width }
  public var tapCount: Int { 2 * radius + 1 }
  public var floatingPointOperations: Int { 4 * count * tapCount }
  public var bytesMoved: Int { 16 * count }
}

public protocol FilteringKernels {
  func filter(_ p: FilteringProblem, _ x: Storage, taps: Storage, into y: Storage) throws
}

extension FilteringProblem {
  package func check(_ x: Storage, _ taps: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments("filter", on: device)
    try arguments.require(x, "x", count: count)
    try arguments.require(taps, "taps", count: tapCount)
    try arguments.require(y, "y", count: count)
  }
}
