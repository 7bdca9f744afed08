extension Image {
  /// The picture under a heat map: stranger places are brighter and cover more of it.
  ///
  /// - heat: [height, width], 0 for normal to 1 for the top of the scale
  public func overlaid(heat: [Float]) -> Image {
    var result = rgb
    for index in 0..<min(heat.count, width * height) {
      let value = ColourMap.clamped(heat[index])
      let colour = ColourMap.colour(value)
      // Where nothing is strange the picture shows through almost as it is; heat covers it more and more.
      let cover = 0.1 + 0.65 * value
      for channel in 0..<3 {
        let old = Float(result.pixels[index * 3 + channel])
        result.pixels[index * 3 + channel] = UInt8(min(max(old + (colour[channel] - old) * cover, 0), 255))
      }
    }
    return result
  }

  /// The picture with the mask's pixels in one colour.
  public func painted(_ mask: Mask, red: UInt8, green: UInt8, blue: UInt8) -> Image {
    var result = rgb
    for index in 0..<min(mask.values.count, width * height) where mask.values[index] != 0 {
      result.pixels[index * 3] = red
      result.pixels[index * 3 + 1] = green
      result.pixels[index * 3 + 2] = blue
    }
    return result
  }

  /// Pictures of one size side by side in rows of `columns`, `margin` white pixels between them.
  public static func sheet(_ images: [Image], columns: Int, margin: Int = 8) throws(ImageError) -> Image {
    guard let first = images.first, columns > 0,
      images.allSatisfy({ $0.width == first.width && $0.height == first.height })
    else { throw .encoding(reason: "a sheet needs pictures of one size") }
    let rows = (images.count + columns - 1) / columns
    let width = columns * (first.width + margin) - margin
    let height = rows * (first.height + margin) - margin
    var pixels = [UInt8](repeating: 255, count: width * height * 3)
    for (index, image) in images.enumerated() {
      let source = image.rgb.pixels
      let left = index % columns * (first.width + margin)
      for row in 0..<first.height {
        let target = ((index / columns * (first.height + margin) + row) * width + left) * 3
        let start = row * first.width * 3
        pixels.replaceSubrange(target..<(target + first.width * 3), with: source[start..<(start + first.width * 3)])
      }
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }
}
