import Foundation

/// What lies beyond a picture's edges when it is moved.
public enum EdgeFill: Hashable, Sendable, Codable {
  /// The nearest pixel: PyTorch's `border`.
  case edge
  /// The picture mirrored at its outer edges: PyTorch's `reflection`.
  case reflected
  /// A value; with 0 PyTorch's `zeros`.
  case constant(Float)
}

extension FloatImage {
  /// The picture turned, moved and scaled about its centre, bilinear: torchvision's `affine` without shear.
  ///
  /// An output pixel at distance o from the centre takes the input at `R⁻¹ (o − t) / scale`, pixels counted by their centres.
  ///
  /// - degrees: clockwise; right, down: in pixels
  /// - scale: above 0
  public func moved(
    degrees: Double = 0, right: Double = 0, down: Double = 0, scale: Double = 1, fill: EdgeFill
  ) -> FloatImage {
    precondition(scale > 0, "a picture keeps a size")
    let (sine, cosine) = (sin(degrees * .pi / 180) / scale, cos(degrees * .pi / 180) / scale)
    let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
    var result = [Float](repeating: 0, count: samples.count)
    for row in 0..<height {
      for column in 0..<width {
        let (x, y) = (Double(column) - middleX - right, Double(row) - middleY - down)
        let pixel = (row * width + column) * channels
        sample(cosine * x + sine * y + middleX, cosine * y - sine * x + middleY, fill) { result[pixel + $0] = $1 }
      }
    }
    return FloatImage(unchecked: width, height, channels, result)
  }

  /// - x, y: from the first pixel's centre
  private func sample(_ x: Double, _ y: Double, _ fill: EdgeFill, _ set: (_ channel: Int, _ value: Float) -> Void) {
    let (x, y) = (fill.place(x, width), fill.place(y, height))
    // Far away all is the fill; the limits keep places countable.
    let (left, top) = (
      Int(min(max(x.rounded(.down), -2), Double(width + 1))), Int(min(max(y.rounded(.down), -2), Double(height + 1)))
    )
    let (right, bottom) = (Float(x - Double(left)), Float(y - Double(top)))
    for channel in 0..<channels {
      let upper = value(left, top, channel, fill) * (1 - right) + value(left + 1, top, channel, fill) * right
      let lower = value(left, top + 1, channel, fill) * (1 - right) + value(left + 1, top + 1, channel, fill) * right
      set(channel, upper * (1 - bottom) + lower * bottom)
    }
  }

  private func value(_ column: Int, _ row: Int, _ channel: Int, _ fill: EdgeFill) -> Float {
    if case .constant(let value) = fill, !(0..<width).contains(column) || !(0..<height).contains(row) { return value }
    let (column, row) = (min(max(column, 0), width - 1), min(max(row, 0), height - 1))
    return samples[(row * width + column) * channels + channel]
  }

  /// Rows in reverse order, or columns.
  public func flipped(horizontally: Bool = false, vertically: Bool = false) -> FloatImage {
    rearranged(width, height) { column, row in
      (horizontally ? width - 1 - column : column, vertically ? height - 1 - row : row)
    }
  }

  /// The part that begins at a pixel; within the picture.
  public func cropped(left: Int, top: Int, width: Int, height: Int) -> FloatImage {
    precondition(
      left >= 0 && top >= 0 && width > 0 && height > 0 && left + width <= self.width && top + height <= self.height,
      "a crop lies within its picture")
    return rearranged(width, height) { ($0 + left, $1 + top) }
  }

  private func rearranged(_ width: Int, _ height: Int, _ source: (Int, Int) -> (Int, Int)) -> FloatImage {
    var result: [Float] = []
    result.reserveCapacity(width * height * channels)
    for row in 0..<height {
      for column in 0..<width {
        let (x, y) = source(column, row)
        let start = (y * self.width + x) * channels
        result.append(contentsOf: samples[start..<(start + channels)])
      }
    }
    return FloatImage(unchecked: width, height, channels, result)
  }
}

extension EdgeFill {
  /// Where a place along a side of so many pixels is looked up.
  fileprivate func place(_ x: Double, _ count: Int) -> Double {
    let last = Double(count - 1)
    switch self {
    case .constant: return x
    case .edge: return min(max(x, 0), last)
    case .reflected:
      // Mirrors stand half a pixel outside of the outer centres.
      let distance = abs(x + 0.5)
      let (turns, rest) = (
        (distance / Double(count)).rounded(.down), distance.truncatingRemainder(dividingBy: Double(count))
      )
      let inside = turns.truncatingRemainder(dividingBy: 2) == 0 ? rest - 0.5 : Double(count) - 0.5 - rest
      return min(max(inside, 0), last)
    }
  }
}
