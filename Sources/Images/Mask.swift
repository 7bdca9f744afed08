/// Which pixels of a picture are defective.
public struct Mask: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// [height, width]: 1 where defective, else 0.
  public let values: [UInt8]

  /// - values: [height, width]; another count is a programming error.
  public init(width: Int, height: Int, values: [UInt8]) {
    precondition(width >= 0 && height >= 0 && values.count == width * height, "a mask has height · width values")
    self.width = width
    self.height = height
    self.values = values
  }

  /// Any value but zero, in any channel, is defective: 0/255, 0/1, 1-bit, palette and class-number masks alike, with 16
  /// bits also where they are small.
  public init(_ image: Image) {
    self.init(image.width, image.height, image.channels) { sample in
      image.pixels[sample] != 0 || image.lowBytes.map { $0[sample] != 0 } ?? false
    }
  }

  /// Reads a mask from a picture file of any kind.
  ///
  /// - Throws: ``ImageError/unreadable(path:reason:)``.
  public init(path: String) throws(ImageError) {
    switch try PictureFormat.decoded(Image.contents(of: path), path) {
    case .image(let image): self.init(image)
    case .floats(let floats): self.init(floats.width, floats.height, floats.channels) { floats.samples[$0] != 0 }
    }
  }

  private init(_ width: Int, _ height: Int, _ channels: Int, isSet: (Int) -> Bool) {
    let values: [UInt8] = (0..<(width * height)).map { pixel in
      (0..<channels).contains { isSet(pixel * channels + $0) } ? 1 : 0
    }
    self.init(width: width, height: height, values: values)
  }

  /// A mask without defects.
  public static func empty(width: Int, height: Int) -> Mask {
    Mask(width: width, height: height, values: [UInt8](repeating: 0, count: width * height))
  }

  public var defectivePixels: Int { values.count { $0 != 0 } }

  /// The mask at another size: the value under each new pixel's centre, so that it stays 0 or 1.
  public func resized(width newWidth: Int, height newHeight: Int) -> Mask {
    guard newWidth != width || newHeight != height else { return self }
    let columns = (0..<newWidth).map { (2 * $0 + 1) * width / (2 * newWidth) }
    var result: [UInt8] = []
    result.reserveCapacity(newWidth * newHeight)
    for row in 0..<newHeight {
      let start = (2 * row + 1) * height / (2 * newHeight) * width
      for column in columns { result.append(values[start + column]) }
    }
    return Mask(width: newWidth, height: newHeight, values: result)
  }

  /// Defective pixels with a neighbour that is not, thickened inwards to `thickness` pixels.
  public func outline(thickness: Int = 1) -> Mask {
    var inside = values
    var line = [UInt8](repeating: 0, count: values.count)
    for _ in 0..<max(thickness, 1) {
      let edge = (0..<values.count).filter { index in
        guard inside[index] != 0 else { return false }
        let (row, column) = (index / width, index % width)
        return (row > 0 && inside[index - width] == 0) || (row + 1 < height && inside[index + width] == 0)
          || (column > 0 && inside[index - 1] == 0) || (column + 1 < width && inside[index + 1] == 0)
      }
      for index in edge {
        line[index] = 1
        inside[index] = 0
      }
    }
    return Mask(width: width, height: height, values: line)
  }

  /// Black and white, to look at.
  public var image: Image { Image(unchecked: width, height, 1, values.map { $0 == 0 ? 0 : 255 }) }
}
