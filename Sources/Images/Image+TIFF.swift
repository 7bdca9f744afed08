import CTIFF

extension Image {
  static func decodedTIFF(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    var picture = ctiff_picture()
    var message = [CChar](repeating: 0, count: Int(CTIFF_MESSAGE))
    let status = ctiff_decode(bytes, bytes.count, pixelLimit, freePixels, &picture, &message)
    guard status == 0, let samples = picture.samples else {
      throw .unreadable(path: path, reason: "\(text(message)) (TIFF)")
    }
    defer { ctiff_free(samples) }
    let (width, height, channels) = (Int(picture.width), Int(picture.height), Int(picture.channels))
    let count = width * height * channels
    let orientation = Orientation(rawValue: Int(picture.orientation)) ?? .upright
    switch picture.bits {
    case 8:
      let values = UnsafeBufferPointer(start: samples.assumingMemoryBound(to: UInt8.self), count: count)
      return .image(Image(unchecked: width, height, channels, Array(values)).turned(orientation))
    case 16:
      // In the machine's order.
      let high = UInt16(1).littleEndian == 1 ? 1 : 0
      let words = UnsafeRawBufferPointer(start: samples, count: 2 * count)
      return .image(Image(unchecked: width, height, channels, words: words, high: high).turned(orientation))
    default:
      let values = UnsafeBufferPointer(start: samples.assumingMemoryBound(to: Float.self), count: count)
      let turned = orientation.turn(Array(values), width, height, channels)
      return .floats(FloatImage(unchecked: turned.width, turned.height, channels, turned.samples))
    }
  }
}
