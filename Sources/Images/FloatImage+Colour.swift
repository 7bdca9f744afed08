extension FloatImage {
  /// Every sample times a factor, kept within 0 … 255: torchvision's `adjust_brightness`.
  ///
  /// - factor: at least 0; 1 leaves the picture as it is
  public func adjusted(brightness factor: Float) -> FloatImage { changed { $0 * factor } }

  /// The picture's distance from its mean grey times a factor: torchvision's `adjust_contrast`.
  public func adjusted(contrast factor: Float) -> FloatImage {
    let count = width * height
    let sum = (0..<count).reduce(0.0) { $0 + Double(luminance($1)) }
    let rest = (1 - factor) * Float(sum / Double(count))
    return changed { $0 * factor + rest }
  }

  /// Every pixel's distance from its own grey times a factor: torchvision's `adjust_saturation`. Grey pictures stay.
  public func adjusted(saturation factor: Float) -> FloatImage {
    guard channels == 3 else { return self }
    let rests = (0..<(width * height)).map { (1 - factor) * luminance($0) }
    var result = samples
    for index in result.indices { result[index] = Self.level(result[index] * factor + rests[index / 3]) }
    return FloatImage(unchecked: width, height, channels, result)
  }

  /// ITU-R BT.601's luma with torchvision's digits.
  private func luminance(_ pixel: Int) -> Float {
    guard channels == 3 else { return samples[pixel] }
    return 0.2989 * samples[3 * pixel] + 0.587 * samples[3 * pixel + 1] + 0.114 * samples[3 * pixel + 2]
  }

  private func changed(_ change: (Float) -> Float) -> FloatImage {
    FloatImage(unchecked: width, height, channels, samples.map { Self.level(change($0)) })
  }

  private static func level(_ value: Float) -> Float { min(max(value, 0), 255) }
}
