import CTurboJPEG

extension Image {
  static func decodedJPEG(_ bytes: [UInt8], _ path: String) throws(ImageError) -> PictureFormat.Decoded {
    guard let decoder = tjInitDecompress() else { throw .unreadable(path: path, reason: "TurboJPEG does not start") }
    defer { tjDestroy(decoder) }
    func failure() -> ImageError {
      .unreadable(path: path, reason: "\(text(tjGetErrorStr2(decoder))) (damaged JPEG)")
    }
    var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let header = tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &sampling, &colours)
    guard header == 0, width > 0, height > 0 else { throw failure() }
    guard colours != Int32(TJCS_CMYK.rawValue), colours != Int32(TJCS_YCCK.rawValue) else {
      throw .unreadable(path: path, reason: "it is a CMYK JPEG; save it as RGB")
    }
    // Each block of 8 x 8 takes a bit at least. Arithmetic coding can go below that, for flat pictures.
    try checkClaim(Int(width), Int(height), perByte: 8 * 64, of: bytes, path)
    // Scans are limited: a small progressive file can ask for thousands of passes over a huge picture.
    let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
    let grey = colours == Int32(TJCS_GRAY.rawValue)
    let channels = grey ? 1 : 3
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: Int(width) * Int(height) * channels) { buffer, count in
      status = tjDecompress2(
        decoder, bytes, UInt(bytes.count), buffer.baseAddress, width, 0, height,
        Int32(grey ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue), flags)
      count = Int(width) * Int(height) * channels
    }
    guard status == 0 else { throw failure() }
    return .image(Image(unchecked: Int(width), Int(height), channels, pixels).turned(Orientation(jpeg: bytes)))
  }
}
