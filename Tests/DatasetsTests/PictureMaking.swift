import Foundation
import Images

/// Writes pictures and lists below a folder of the test's own.
struct PictureMaker {
  let root: String

  /// A grey picture of 12 x 8 pixels; other numbers give other contents.
  func picture(_ names: String..., width: Int = 12, height: Int = 8) throws {
    for name in names {
      let seed = Self.seed(name)
      try image(name, Self.grey(width, height) { UInt8(truncatingIfNeeded: 40 + $0 * 3 + $1 * 5 + seed) })
    }
  }

  /// A mask: `value` in a square of `side` pixels whose corner is at (`x`, `y`), 0 elsewhere.
  func mask(
    _ name: String, value: UInt8 = 255, x: Int = 2, y: Int = 1, side: Int = 3, width: Int = 12, height: Int = 8
  ) throws {
    try image(
      name, Self.grey(width, height) { (x..<(x + side)).contains($0) && (y..<(y + side)).contains($1) ? value : 0 })
  }

  /// PNG, JPEG or BMP, as the name says.
  func image(_ name: String, _ image: Image) throws {
    switch name.split(separator: ".").last?.lowercased() {
    case "jpg", "jpeg": try file(name, image.jpegData(quality: 90))
    case "bmp": try file(name, Self.bitmap(image))
    default: try file(name, image.pngData())
    }
  }

  func text(_ name: String, _ text: String) throws { try file(name, Data(text.utf8)) }

  func file(_ name: String, _ data: Data) throws {
    let url = URL(fileURLWithPath: "\(root)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func link(_ name: String, to target: String) throws {
    let url = URL(fileURLWithPath: "\(root)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: target)
  }

  static func grey(_ width: Int, _ height: Int, _ value: (Int, Int) -> UInt8) throws -> Image {
    try Image(
      width: width, height: height, channels: 1,
      pixels: (0..<(width * height)).map { value($0 % width, $0 / width) })
  }

  private static func seed(_ name: String) -> Int { name.utf8.reduce(7) { ($0 * 31 + Int($1)) % 1009 } }

  /// A Windows bitmap of 24 bits a pixel: rows from the bottom up, each filled to a multiple of four bytes.
  private static func bitmap(_ image: Image) -> Data {
    let image = image.rgb
    let stride = (image.width * 3 + 3) / 4 * 4
    func bytes(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
    var data = Data("BM".utf8)
    data += bytes(54 + stride * image.height, 4) + bytes(0, 4) + bytes(54, 4) + bytes(40, 4)
    data += bytes(image.width, 4) + bytes(image.height, 4) + bytes(1, 2) + bytes(24, 2) + bytes(0, 4)
    data += bytes(stride * image.height, 4) + bytes(2835, 4) + bytes(2835, 4) + bytes(0, 8)
    for row in (0..<image.height).reversed() {
      for column in 0..<image.width {
        let pixel = (row * image.width + column) * 3
        data += [image.pixels[pixel + 2], image.pixels[pixel + 1], image.pixels[pixel]]
      }
      data += [UInt8](repeating: 0, count: stride - image.width * 3)
    }
    return data
  }
}
