/// A picture or map of 32-bit floats, grey or RGB, row-major, channels interleaved.
public struct FloatImage: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// 1 for grey, 3 for RGB.
  public let channels: Int
  /// [height, width, channels]; of pictures the grey levels 0 … 255, with their fractions.
  public let samples: [Float]

  /// - Throws: ``ImageError/size(width:height:channels:count:)`` when the count does not fit the size.
  public init(width: Int, height: Int, channels: Int = 1, samples: [Float]) throws(ImageError) {
    guard width > 0, height > 0, channels == 1 || channels == 3, width <= Image.pixelLimit / height,
      samples.count == width * height * channels
    else { throw .size(width: width, height: height, channels: channels, count: samples.count) }
    self.init(unchecked: width, height, channels, samples)
  }

  init(unchecked width: Int, _ height: Int, _ channels: Int, _ samples: [Float]) {
    self.width = width
    self.height = height
    self.channels = channels
    self.samples = samples
  }
}
