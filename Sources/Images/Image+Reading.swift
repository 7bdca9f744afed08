import CPNG
import CTurboJPEG
public import Foundation

extension Image {
  /// Reads a PNG or JPEG file; the kind is recognised by content.
  ///
  /// PNG: every colour type and depth. Samples are taken as they stand (no gamma), 16 bits lose their low byte, palettes
  /// are expanded, alpha is dropped: the values of Pillow's `convert("RGB")`, but for 16-bit grey, which Pillow cuts off
  /// at 255 instead of scaling it, so that nearly everything turns white. JPEG: grey and RGB, baseline and progressive.
  ///
  /// - Throws: ``ImageError/unreadable(path:reason:)``.
  public init(path: String) throws(ImageError) {
    try self.init(Image.contents(of: path), path: path)
  }

  /// Decodes a PNG or JPEG in memory; `path` is for messages.
  public init(_ data: Data, path: String) throws(ImageError) {
    self = try Image.decoded(data, path, anyBit: false)
  }

  static func contents(of path: String) throws(ImageError) -> Data {
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      let missing = !FileManager.default.fileExists(atPath: path)
      throw .unreadable(path: path, reason: missing ? "there is no such file" : "the file cannot be opened")
    }
  }

  /// - anyBit: 16-bit samples become 255 unless they are 0, instead of losing their low byte.
  static func decoded(_ data: Data, _ path: String, anyBit: Bool) throws(ImageError) -> Image {
    if data.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try decodedPNG(data, path, anyBit) }
    if data.starts(with: [0xFF, 0xD8]) { return try decodedJPEG(data, path) }
    throw .unreadable(path: path, reason: data.isEmpty ? "the file is empty" : "it is neither a PNG nor a JPEG file")
  }

  private static func decodedPNG(_ data: Data, _ path: String, _ anyBit: Bool) throws(ImageError) -> Image {
    var pixels: UnsafeMutablePointer<UInt8>?
    var (width, height): (UInt32, UInt32) = (0, 0)
    var channels: Int32 = 0
    var message = [CChar](repeating: 0, count: Int(CPNG_MESSAGE))
    let status = data.withUnsafeBytes { bytes in
      cpng_decode(
        bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, pixelLimit, anyBit ? 1 : 0, &pixels, &width, &height,
        &channels, &message)
    }
    guard status == 0, let pixels else { throw .unreadable(path: path, reason: "\(text(message)) (damaged PNG)") }
    defer { cpng_free(pixels) }
    let count = Int(width) * Int(height) * Int(channels)
    return Image(
      unchecked: Int(width), Int(height), Int(channels), Array(UnsafeBufferPointer(start: pixels, count: count)))
  }

  private static func decodedJPEG(_ data: Data, _ path: String) throws(ImageError) -> Image {
    guard let decoder = tjInitDecompress() else { throw .unreadable(path: path, reason: "TurboJPEG does not start") }
    defer { tjDestroy(decoder) }
    func failure() -> ImageError {
      .unreadable(path: path, reason: "\(text(tjGetErrorStr2(decoder))) (damaged JPEG)")
    }
    var (width, height, sampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    let header = data.withUnsafeBytes { bytes in
      tjDecompressHeader3(
        decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), &width, &height, &sampling, &colours)
    }
    guard header == 0, width > 0, height > 0 else { throw failure() }
    guard colours != Int32(TJCS_CMYK.rawValue), colours != Int32(TJCS_YCCK.rawValue) else {
      throw .unreadable(path: path, reason: "it is a CMYK JPEG; save it as RGB")
    }
    guard Int(width) <= pixelLimit / Int(height) else {
      throw .unreadable(path: path, reason: "it has too many pixels")
    }
    // Scans are limited: a small progressive file can ask for thousands of passes over a huge picture.
    let flags = TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS
    let grey = colours == Int32(TJCS_GRAY.rawValue)
    let channels = grey ? 1 : 3
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: Int(width) * Int(height) * channels) { buffer, count in
      status = data.withUnsafeBytes { bytes in
        tjDecompress2(
          decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), buffer.baseAddress, width, 0,
          height, Int32(grey ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue), flags)
      }
      count = Int(width) * Int(height) * channels
    }
    guard status == 0 else { throw failure() }
    return Image(unchecked: Int(width), Int(height), channels, pixels)
  }
}

/// A C string in an array, up to its zero.
func text(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "unknown error" }
