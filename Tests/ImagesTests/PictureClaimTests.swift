import Foundation
import HostileFiles
import Images
import TestSupport
import Testing

/// Small files that claim large pictures: refused before memory is asked for.
@Suite("What a picture file may claim")
struct PictureClaimTests {
  private static let side = 16000

  private func refused(_ bytes: [UInt8], _ part: String = "too few for 16000 x 16000 pixels") {
    let error = #expect(throws: ImageError.self) { try Image(Data(bytes), path: "memory") }
    #expect(error.map { isOneSentence($0, path: "memory") && $0.description.contains(part) } == true, "\(error as Any)")
  }

  private func put(_ value: Int, _ count: Int, at place: Int, bigEndian: Bool = false, _ bytes: inout [UInt8]) {
    for index in 0..<count {
      bytes[place + index] = UInt8(value >> (8 * (bigEndian ? count - 1 - index : index)) & 0xFF)
    }
  }

  @Test(arguments: ["24.bmp", "4-palette.bmp", "16-fields.bmp", "8-jumps.bmp"])
  func bitmaps(_ file: String) throws {
    var bytes = try ImageReference.bytes(file)
    put(Self.side, 4, at: 18, &bytes)
    put(Self.side, 4, at: 22, &bytes)
    refused(bytes, file == "8-jumps.bmp" ? "too few for 16000 x 16000 pixels" : "cut off")
  }

  @Test(arguments: ["P5 16000 16000 255\n", "P6 16000 16000 255\n", "P5 16000 16000 65535\n"])
  func portableMaps(_ header: String) { refused(Array(header.utf8) + [UInt8](repeating: 7, count: 500), "cut off") }

  @Test(arguments: ["grey-1.png", "palette-1.png", "rgba-16-interlaced.png"])
  func portableNetworkGraphics(_ file: String) throws {
    var parts = try #require(PNGParts(ImageReference.bytes(file)))
    put(Self.side, 4, at: 0, bigEndian: true, &parts.chunks[0].contents)
    put(Self.side, 4, at: 4, bigEndian: true, &parts.chunks[0].contents)
    refused(parts.encoded())
  }

  @Test(arguments: [("grey.jpg", UInt8(0xC0)), ("rgb-420.jpg", 0xC0), ("rgb-progressive.jpg", 0xC2)])
  func photographs(_ file: String, _ marker: UInt8) throws {
    var bytes = try ImageReference.bytes(file)
    let place = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == marker })
    put(Self.side, 2, at: place + 5, bigEndian: true, &bytes)
    put(Self.side, 2, at: place + 7, bigEndian: true, &bytes)
    refused(bytes)
  }

  @Test func webPictures() throws {
    // 14 bits each less one, behind the signature of the lossless stream; as they stand behind that of the lossy one.
    var lossless = try ImageReference.bytes("webp-lossless.webp")
    put((Self.side - 1) | (Self.side - 1) << 14, 4, at: 21, &lossless)
    refused(lossless)
    var lossy = try ImageReference.bytes("webp-lossy.webp")
    put(Self.side | Self.side << 16, 4, at: 26, &lossy)
    refused(lossy)
  }

  @Test(arguments: [
    "rgba.tiff", "grey-lzw.tiff", "rgb-deflate.tiff", "rgb-packbits.tiff", "one-bit-fax.tiff", "jpeg.tiff",
    "palette.tiff",
    "deep-rgb-tiled.tiff", "deep-rgb-planar.tiff", "floats.tiff",
  ])
  func taggedFiles(_ file: String) throws {
    var bytes = try ImageReference.bytes(file)
    changeTags([256: Self.side, 257: Self.side], &bytes)
    refused(bytes)
  }

  @Test func tilesOfAnySizeCountToo() throws {
    var bytes = try ImageReference.bytes("deep-rgb-tiled.tiff")
    changeTags([322: 4096, 323: 4096], &bytes)
    refused(bytes, "too few for 4096 x 4096 pixels")
    changeTags([322: 4112, 323: 4112], &bytes)
    refused(bytes, "its tiles are too large")
  }

  /// Values of a little-endian TIFF file's first directory, whether of 16 bits or 32.
  private func changeTags(_ values: [Int: Int], _ bytes: inout [UInt8]) {
    func number(_ count: Int, _ place: Int) -> Int {
      (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }
    let directory = number(4, 4)
    for entry in 0..<number(2, directory) {
      let place = directory + 2 + 12 * entry
      guard let value = values[number(2, place)] else { continue }
      put(value, number(2, place + 2) == 3 ? 2 : 4, at: place + 8, &bytes)
    }
  }

  /// Honest pictures that shrink best are read: an empty mask in each packing, larger than what any file may claim.
  @Test func emptyPicturesAreRead() throws {
    let (width, height) = (3000, 2800)
    let empty = try Image(width: width, height: height, channels: 1, pixels: .init(repeating: 0, count: width * height))
    #expect(try Image(empty.pngData(level: 9), path: "memory") == empty)
    let jpeg = try Image(empty.jpegData(quality: 1), path: "memory")
    #expect(jpeg.extent == empty.extent && jpeg.pixels.allSatisfy { $0 < 3 })
    for file in ["empty.webp", "empty-fax.tiff", "empty-lzw.tiff", "empty-deflate.tiff"] {
      let image = try Image(path: ImageReference.path(file))
      #expect(image.width == width && image.height == height, "\(file)")
      #expect(image.pixels.allSatisfy { $0 == 0 }, "\(file)")
    }
  }

  /// A text of 8 MB, packed into a PNG a hundred times, is passed over.
  @Test func packedTextsAreNotUnpacked() throws {
    var parts = try #require(PNGParts(ImageReference.bytes("grey-8.png")))
    let packed: [UInt8] = Array("zTXt-key".utf8) + [0, 0, 0x78, 0x9C, 0xFF, 0xFF]
    parts.chunks.insert(contentsOf: (0..<100).map { _ in .init("zTXt", packed) }, at: 1)
    #expect(try Image(Data(parts.encoded()), path: "memory") == Image(path: ImageReference.path("grey-8.png")))
  }
}
