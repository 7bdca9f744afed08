public import Foundation

extension Image {
  /// Reads a PNG, JPEG, BMP, TIFF, WebP, PGM or PPM file; the kind is recognised by content.
  ///
  /// Samples are taken as they stand (no gamma, no colour profile), palettes are expanded, alpha is dropped: the values of
  /// Pillow's `convert("RGB")`. Of 16 bits the upper eight are `pixels`, the lower `lowBytes`. An EXIF orientation, or a
  /// TIFF's, is applied. Of several pages the first is read.
  ///
  /// PNG: every colour type and depth. JPEG: grey and RGB, baseline and progressive; CMYK is refused. BMP: 1 to 32 bits,
  /// palettes, RLE8. TIFF: grey, RGB, YCbCr and palettes of 1 to 16 bits. WebP: still pictures. PGM and PPM: binary, 8 and
  /// 16 bits.
  ///
  /// - Throws: ``ImageError/unreadable(path:reason:)``.
  public init(path: String) throws(ImageError) {
    try self.init(Image.contents(of: path), path: path)
  }

  /// Decodes a picture file in memory; `path` is for messages.
  public init(_ data: Data, path: String) throws(ImageError) {
    guard case .image(let image) = try PictureFormat.decoded(data, path) else {
      throw .unreadable(
        path: path, reason: "its samples are floats, of which no value is known to be white; save it with 8 or 16 bits")
    }
    self = image
  }

  static func contents(of path: String) throws(ImageError) -> Data {
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      let missing = !FileManager.default.fileExists(atPath: path)
      throw .unreadable(path: path, reason: missing ? "there is no such file" : "the file cannot be opened")
    }
  }

  /// 16-bit samples in two halves, given as bytes with `high` the place of the upper of the two.
  init(unchecked width: Int, _ height: Int, _ channels: Int, words: UnsafeRawBufferPointer, high: Int) {
    let count = width * height * channels
    self.init(
      unchecked: width, height, channels, (0..<count).map { words[2 * $0 + high] },
      lowBytes: (0..<count).map { words[2 * $0 + 1 - high] })
  }
}

/// A C string in an array, up to its zero, as the end of a sentence.
func text(_ characters: [CChar]) -> String {
  let line = String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  return line.split(whereSeparator: \.isNewline).joined(separator: " ").trimmingCharacters(in: [".", " "])
}

func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "unknown error" }

extension Collection<UInt8> where Index == Int {
  /// The unsigned number of `count` bytes at a place; nil beyond the end. Places count from the collection's beginning.
  func number(_ count: Int, at place: Int, bigEndian: Bool) -> Int? {
    guard place >= 0, place <= self.count - count else { return nil }
    let bytes = self[(startIndex + place)..<(startIndex + place + count)]
    return (bigEndian ? Array(bytes) : bytes.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }
}
