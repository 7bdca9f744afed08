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

  /// A picture's grey levels 0 … 255: of 16 bits the sample over 257, so that nothing of its depth is lost.
  public init(_ image: Image) {
    let samples = Self.levels(image, 0..<image.pixels.count)
    self.init(unchecked: image.width, image.height, image.channels, samples)
  }

  static func levels(_ image: Image, _ range: Range<Int>) -> [Float] {
    guard let low = image.lowBytes else { return image.pixels[range].map(Float.init) }
    return range.map { Float(Int(image.pixels[$0]) << 8 | Int(low[$0])) / 257 }
  }

  /// Reads any picture file, also a TIFF of 32-bit floats, whose values are taken as they stand.
  ///
  /// - Throws: ``ImageError/unreadable(path:reason:)``.
  public init(path: String) throws(ImageError) {
    switch try PictureFormat.decoded(Image.contents(of: path), path) {
    case .image(let image): self.init(image)
    case .floats(let floats): self = floats
    }
  }

  /// The picture with three channels; grey is repeated.
  public var rgb: FloatImage {
    channels == 3 ? self : FloatImage(unchecked: width, height, 3, samples.flatMap { [$0, $0, $0] })
  }
}
