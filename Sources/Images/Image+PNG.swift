import CPNG

extension Image {
  static func decodedPNG(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    var pixels: UnsafeMutablePointer<UInt8>?
    var (width, height): (UInt32, UInt32) = (0, 0)
    var (channels, bits): (Int32, Int32) = (0, 0)
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    let status = cpng_decode(bytes, bytes.count, pixelLimit, &pixels, &width, &height, &channels, &bits, &message)
    guard status == 0, let pixels else { throw .unreadable(path: path, reason: "\(text(message)) (damaged PNG)") }
    defer { cpng_free(pixels) }
    let count = Int(width) * Int(height) * Int(channels)
    let image =
      bits == 16
      ? Image(
        unchecked: Int(width), Int(height), Int(channels),
        words: UnsafeRawBufferPointer(start: pixels, count: 2 * count), high: 0)
      : Image(
        unchecked: Int(width), Int(height), Int(channels), Array(UnsafeBufferPointer(start: pixels, count: count)))
    return .image(image.turned(Orientation(png: bytes)))
  }
}
