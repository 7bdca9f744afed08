import Images

extension Image {
  /// The middle of the picture with its shorter side resized bicubically, as torchvision's `Resize` and `CenterCrop` do with
  /// Pillow's pictures.
  ///
  /// - short: what the shorter side becomes; side: of the square that is taken, at most `short`
  /// - result: [side, side, 3], RGB of 0 … 255
  func centre(resizedTo short: Int, side: Int) -> [Float] {
    let (narrow, long) = (
      min(width, height), Int(Double(short) * Double(max(width, height)) / Double(min(width, height)))
    )
    let resized = rgb.resized(
      width: width == narrow ? short : long, height: height == narrow ? short : long, filter: .bicubic)
    // Python rounds halves to even.
    let top = Int((Double(resized.height - side) / 2).rounded(.toNearestOrEven))
    let left = Int((Double(resized.width - side) / 2).rounded(.toNearestOrEven))
    return (top..<(top + side)).flatMap { row in
      let start = (row * resized.width + left) * 3
      return resized.pixels[start..<(start + 3 * side)].map(Float.init)
    }
  }
}
