/// The part of a picture that a defect can change: only there it is drawn again.
struct Window {
  let low: Point
  let high: Point

  /// A square around a point, in picture units.
  init(around centre: Point, radius: Float) {
    low = centre - radius
    high = centre + radius
  }

  private init(low: Point, high: Point) {
    self.low = low
    self.high = high
  }

  func joined(_ other: Window) -> Window {
    Window(low: pointwiseMin(low, other.low), high: pointwiseMax(high, other.high))
  }
}
