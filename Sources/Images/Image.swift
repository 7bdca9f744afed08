/// A picture in host memory: grey or RGB, row-major, channels interleaved; 8 bits, and what a 16-bit file has beyond.
public struct Image: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// 1 for grey, 3 for RGB.
  public let channels: Int
  /// [height, width, channels]
  public internal(set) var pixels: [UInt8]
  /// [height, width, channels]: of a picture with 16 bits the lower eight, `pixels` being the upper; else nil. Networks see
  /// both; whatever is drawn or resized as an `Image` has 8 bits.
  public let lowBytes: [UInt8]?

  /// More pixels than any camera has: larger pictures are refused before memory is asked for.
  public static let pixelLimit = 1 << 28

  /// - Throws: ``ImageError/size(width:height:channels:count:)`` when the count does not fit the size.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(ImageError) {
    guard width > 0, height > 0, channels == 1 || channels == 3, width <= Self.pixelLimit / height,
      pixels.count == width * height * channels
    else { throw .size(width: width, height: height, channels: channels, count: pixels.count) }
    self.init(unchecked: width, height, channels, pixels)
  }

  init(
    unchecked width: Int, _ height: Int, _ channels: Int, _ pixels: [UInt8], lowBytes: [UInt8]? = nil
  ) {
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
    self.lowBytes = lowBytes
  }

  /// The picture with three channels of 8 bits; grey is repeated.
  public var rgb: Image {
    channels == 3
      ? (lowBytes == nil ? self : Image(unchecked: width, height, 3, pixels))
      : Image(unchecked: width, height, 3, pixels.flatMap { [$0, $0, $0] })
  }
}

/// What can be wrong with a picture.
public enum ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case unwritable(path: String, reason: String)
  case size(width: Int, height: Int, channels: Int, count: Int)
  case encoding(reason: String)
  case augmentation(setting: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "The picture \(path) cannot be read: \(reason)."
    case .unwritable(let path, let reason): "The picture \(path) cannot be written: \(reason)."
    case .size(let width, let height, let channels, let count):
      "A picture of \(width) x \(height) pixels and \(channels) channels cannot have \(count) samples."
    case .encoding(let reason): "A picture cannot be encoded: \(reason)."
    case .augmentation(let setting, let reason): "The augmentation's \(setting) \(reason)."
    }
  }
}
