public import Images

/// Pictures that tests draw themselves: a smooth texture that differs a little from picture to picture.
public enum DrawnPictures {
  /// A good product: waves whose phase follows the picture's number, and noise.
  public static func texture(_ number: Int, size: Int = 64) throws -> Image {
    try Image(width: size, height: size, channels: 3, pixels: pixels(number, size))
  }

  /// The same with a dark square of `side` pixels whose corner is at (`column`, `row`).
  public static func blemished(_ number: Int, column: Int, row: Int, side: Int, size: Int = 64) throws -> Image {
    var pixels = pixels(number, size)
    for y in row..<(row + side) {
      for x in column..<(column + side) {
        for channel in 0..<3 { pixels[(y * size + x) * 3 + channel] = 20 }
      }
    }
    return try Image(width: size, height: size, channels: 3, pixels: pixels)
  }

  private static func pixels(_ number: Int, _ size: Int) -> [UInt8] {
    var reproducible = Reproducible(number)
    let noise = reproducible.floats(size * size * 3)
    return (0..<(size * size * 3)).map { index in
      let (pixel, channel) = (index / 3, index % 3)
      let (x, y) = (pixel % size, pixel / size)
      // Triangle waves of 16 and 24 pixels.
      let wave = abs((x + number % 5) % 16 - 8) * 5 + abs((y + 2 * channel) % 24 - 12) * 3
      return UInt8(120 + wave + Int(noise[index] * 6))
    }
  }
}
