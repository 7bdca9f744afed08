extension Image {
  /// Pixels that any file may claim, however small it is.
  static let freePixels = 1 << 22

  /// Refuses a size before memory is asked for: a few bytes can claim a picture of gigabytes.
  ///
  /// - perByte: the most pixels that a byte of such a file holds; `free` of them are always allowed
  /// - Throws: ``ImageError/unreadable(path:reason:)``.
  static func checkClaim(
    _ width: Int, _ height: Int, perByte: Int, free: Int = freePixels, of bytes: [UInt8], _ path: String
  ) throws(ImageError) {
    guard width <= pixelLimit / height else { throw .unreadable(path: path, reason: "it has too many pixels") }
    guard width * height <= free + perByte * bytes.count else {
      throw .unreadable(path: path, reason: "its \(bytes.count) bytes are too few for \(width) x \(height) pixels")
    }
  }
}
