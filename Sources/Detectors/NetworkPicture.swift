public import Images

/// A picture at the network's size, as floats of 0…255: decoded and resized away from the device.
public struct NetworkPicture: Sendable {
  public let size: Int
  /// [size, size, 3]
  public let values: [Float]

  /// Resized straight to size x size by antialiased bilinear, as Pillow does; grey becomes RGB. 16 bits are resized as
  /// floats, so that the network sees all of them; 8 bits are rounded as Pillow rounds them.
  public init(_ image: Image, size: Int) {
    self.size = size
    values =
      image.lowBytes == nil
      ? image.resized(width: size, height: size).rgb.pixels.map(Float.init)
      : FloatImage(image, width: size, height: size).rgb.samples
  }

  /// A square picture as it is.
  ///
  /// - picture: RGB of 0…255
  package init(_ picture: FloatImage) {
    precondition(picture.width == picture.height && picture.channels == 3, "a network's picture is square and coloured")
    self.init(size: picture.width, values: picture.samples)
  }

  package init(size: Int, values: [Float]) {
    self.size = size
    self.values = values
  }

  /// Copies that a camera could have made of the same good product: a little brighter or darker, with more or less
  /// contrast, moved by a few pixels. They stand in for held-out pictures when there is only one.
  package func admissibleCopies() -> [NetworkPicture] {
    let shift = max(size / 64, 1)
    let moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift), (shift, shift), (-shift, -shift)]
    let lights: [(gain: Float, offset: Float)] = [(1.05, 0), (0.95, 0), (1, 6), (1, -6), (1.08, -8), (0.92, 8)]
    return zip(moves, lights).map { moved(by: $0).relit(gain: $1.gain, offset: $1.offset) }
  }

  private func moved(by move: (Int, Int)) -> NetworkPicture {
    var moved = values
    for row in 0..<size {
      let sourceRow = min(max(row - move.1, 0), size - 1)
      for column in 0..<size {
        let sourceColumn = min(max(column - move.0, 0), size - 1)
        for channel in 0..<3 {
          moved[(row * size + column) * 3 + channel] = values[(sourceRow * size + sourceColumn) * 3 + channel]
        }
      }
    }
    return NetworkPicture(size: size, values: moved)
  }

  private func relit(gain: Float, offset: Float) -> NetworkPicture {
    NetworkPicture(size: size, values: values.map { min(max(($0 - 127) * gain + 127 + offset, 0), 255) })
  }
}

extension FloatImage {
  init(_ picture: NetworkPicture) throws(ImageError) {
    try self.init(width: picture.size, height: picture.size, channels: 3, samples: picture.values)
  }
}
