import Foundation

/// The kinds of picture files, each with how it is recognised and decoded.
public struct PictureFormat: Sendable {
  public let name: String
  /// In lower case; a file's kind is recognised by its content, these are for finding files in folders.
  public let extensions: [String]
  let signatures: [[UInt8?]]
  let decode: @Sendable ([UInt8], String) throws(ImageError) -> Decoded

  /// What a file holds: a picture, or floats without a known white.
  enum Decoded {
    case image(Image)
    case floats(FloatImage)
  }

  public static let all = [
    PictureFormat("PNG", ["png"], [[0x89, 0x50, 0x4E, 0x47]], Image.decodedPNG),
    PictureFormat("JPEG", ["jpg", "jpeg"], [[0xFF, 0xD8]], Image.decodedJPEG),
    PictureFormat("BMP", ["bmp"], [text("BM")], Image.decodedBMP),
    PictureFormat(
      "TIFF", ["tif", "tiff"],
      [text("II") + [42, 0], text("II") + [43, 0], text("MM") + [0, 42], text("MM") + [0, 43]], Image.decodedTIFF),
    PictureFormat(
      "WebP", ["webp"], [text("RIFF") + [nil, nil, nil, nil] + text("WEBP")], Image.decodedWebP),
    PictureFormat("PGM or PPM", ["pgm", "ppm", "pnm"], (1...6).map { text("P\($0)") }, Image.decodedPNM),
  ]

  private init(
    _ name: String, _ extensions: [String], _ signatures: [[UInt8?]],
    _ decode: @escaping @Sendable ([UInt8], String) throws(ImageError) -> Decoded
  ) {
    self.name = name
    self.extensions = extensions
    self.signatures = signatures
    self.decode = decode
  }

  private static func text(_ characters: String) -> [UInt8?] { characters.utf8.map { $0 } }

  static func decoded(_ data: Data, _ path: String) throws(ImageError) -> Decoded {
    let bytes = [UInt8](data)
    let format = all.first { format in
      format.signatures.contains { signature in
        bytes.count >= signature.count && zip(signature, bytes).allSatisfy { $0 == nil || $0 == $1 }
      }
    }
    guard let format else {
      let names = all.map(\.name).joined(separator: ", ")
      throw .unreadable(path: path, reason: bytes.isEmpty ? "the file is empty" : "it is none of \(names)")
    }
    return try format.decode(bytes, path)
  }
}
