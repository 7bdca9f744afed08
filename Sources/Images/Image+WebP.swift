import CWebP

extension Image {
  static func decodedWebP(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    var features = WebPBitstreamFeatures()
    guard WebPGetFeatures(bytes, bytes.count, &features) == VP8_STATUS_OK, features.width > 0, features.height > 0
    else {
      throw .unreadable(path: path, reason: "its header is cut off or damaged (damaged WebP)")
    }
    guard features.has_animation == 0 else {
      throw .unreadable(path: path, reason: "it is an animated WebP; save one picture of it")
    }
    let (width, height) = (Int(features.width), Int(features.height))
    // Lossy: a block of 16 x 16 takes more than a bit. Lossless: a bit copies up to 4096 pixels; hostile files need none.
    let isLossy = features.format == 1
    try checkClaim(width, height, perByte: isLossy ? 8 * 256 : 8 * 4096, of: bytes, path)
    var isDecoded = false
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      isDecoded = WebPDecodeRGBInto(bytes, bytes.count, buffer.baseAddress, buffer.count, Int32(width * 3)) != nil
      count = isDecoded ? width * height * 3 : 0
    }
    guard isDecoded else {
      throw .unreadable(path: path, reason: "its data is cut off or damaged (damaged WebP)")
    }
    return .image(Image(unchecked: width, height, 3, pixels).turned(Orientation(webP: bytes)))
  }
}
