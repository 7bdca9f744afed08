import Foundation
import Images

extension MalformedFile {
  /// A grey PNG of 3 x 2, which is written here with deflate's stored blocks.
  private static let chunks: [PNGParts.Chunk] = {
    let rows: [UInt8] = [0, 10, 20, 30, 0, 40, 50, 60]
    let (low, high) = rows.reduce((1, 0)) { (($0.0 + Int($1)) % 65521, ($0.1 + $0.0 + Int($1)) % 65521) }
    let length = little(UInt16(rows.count)) + little(~UInt16(rows.count))
    let adler = little(UInt32(high << 16 | low)).reversed()
    return [
      .init("IHDR", [0, 0, 0, 3, 0, 0, 0, 2, 8, 0, 0, 0, 0]), .init("IDAT", [0x78, 1, 1] + length + rows + adler),
      .init("IEND", []),
    ]
  }()

  private static func png(_ change: (inout [PNGParts.Chunk]) -> Void = { _ in }) -> [UInt8] {
    var parts = PNGParts(chunks: chunks)
    change(&parts.chunks)
    return parts.encoded()
  }

  private static func header(_ place: Int, _ values: [UInt8]) -> [UInt8] {
    png { $0[0].contents.replaceSubrange(place..<(place + values.count), with: values) }
  }

  /// A good JPEG, and one with the bytes behind a marker changed.
  private static let jpeg = [UInt8](
    (try? ByteReader.all.first { $0.name == "pictures" }?.seedBytes().first { $0.starts(with: [0xFF, 0xD8]) }) ?? [])

  private static func jpeg(_ marker: UInt8, _ offset: Int, _ values: [UInt8]) -> [UInt8] {
    var bytes = jpeg
    guard let place = bytes.indices.dropLast().first(where: { bytes[$0] == 0xFF && bytes[$0 + 1] == marker }) else {
      return []
    }
    let start = place + 2 + offset
    bytes.replaceSubrange(start..<min(start + values.count, bytes.count), with: values)
    return bytes
  }

  static let pictures: [MalformedFile] =
    [
      ("PNG: a signature alone", PNGParts.signature),
      ("PNG: a text translation of line ends", Array(png().map { $0 == 0x0D ? 0x0A : $0 })),
      ("PNG: width 0", header(3, [0])), ("PNG: height 0", header(7, [0])),
      ("PNG: width 2 to the 31", header(0, [0x80])),
      ("PNG: too many pixels", header(0, [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])),
      ("PNG: more rows than there are", header(7, [9])), ("PNG: wider rows than there are", header(3, [9])),
      ("PNG: a depth of 3", header(8, [3])), ("PNG: a depth of 0", header(8, [0])),
      ("PNG: colour type 1", header(9, [1])),
      ("PNG: colour type 7", header(9, [7])), ("PNG: RGB with a depth of 4", header(8, [4, 2])),
      ("PNG: a palette that is missing", header(9, [3])), ("PNG: compression 1", header(10, [1])),
      ("PNG: filter method 1", header(11, [1])), ("PNG: interlace method 2", header(12, [2])),
      ("PNG: a short header", png { $0[0].contents.removeLast() }),
      ("PNG: a long header", png { $0[0].contents.append(0) }),
      ("PNG: no header", png { $0.removeFirst() }), ("PNG: header after the data", png { $0.swapAt(0, 1) }),
      ("PNG: no data", png { $0.remove(at: 1) }), ("PNG: empty data", png { $0[1].contents = [] }),
      ("PNG: data that is no zlib stream", png { $0[1].contents[0] = 0 }),
      ("PNG: a block of an unknown kind", png { $0[1].contents[2] = 7 }),
      ("PNG: a row with filter 9", png { $0[1].contents[7] = 9 }),
      ("PNG: data cut off", png { $0[1].contents.removeLast(8) }),
      ("PNG: an unknown critical chunk", png { $0.insert(.init("ABCD", [1]), at: 1) }),
      ("PNG: a chunk of a name that is none", png { $0.insert(.init("1234", [1]), at: 1) }),
      ("PNG: a chunk beyond the file", Array(png().prefix(33)) + [0x7F, 0xFF, 0xFF, 0xFF] + Array("IDAT".utf8)),
      ("PNG: a wrong checksum of the header", png().enumerated().map { $0.offset == 29 ? ~$0.element : $0.element }),
      ("JPEG: a start alone", [0xFF, 0xD8]), ("JPEG: a start and an end", [0xFF, 0xD8, 0xFF, 0xD9]),
      ("JPEG: zeros after the start", [0xFF, 0xD8] + [UInt8](repeating: 0, count: 200)),
      ("JPEG: width 0", jpeg(0xC0, 5, [0, 0])), ("JPEG: height 0", jpeg(0xC0, 3, [0, 0])),
      ("JPEG: too many pixels", jpeg(0xC0, 3, [0xFF, 0xFF, 0xFF, 0xFF])), ("JPEG: 16 bits", jpeg(0xC0, 2, [16])),
      ("JPEG: no components", jpeg(0xC0, 7, [0])), ("JPEG: 255 components", jpeg(0xC0, 7, [255])),
      ("JPEG: sampling 0", jpeg(0xC0, 9, [0])), ("JPEG: a short frame header", jpeg(0xC0, 0, [0, 3])),
      ("JPEG: an arithmetic coder's frame that is cut off", jpeg(0xC0, -1, [0xC9, 0, 2])),
      ("JPEG: a short quantisation table", jpeg(0xDB, 0, [0, 10])),
      ("JPEG: a quantisation table 9", jpeg(0xDB, 2, [9])),
      ("JPEG: a Huffman table of 255 codes a length", jpeg(0xC4, 3, [UInt8](repeating: 255, count: 16))),
      ("JPEG: a Huffman table 9", jpeg(0xC4, 2, [0x99])), ("JPEG: a scan of no components", jpeg(0xDA, 2, [0])),
      ("JPEG: a scan of an unknown component", jpeg(0xDA, 3, [77])),
      ("JPEG: a scan with missing tables", jpeg(0xDA, 4, [0x33])),
    ].map { MalformedFile($0.0, "pictures", $0.1) }
    + cut("a PNG", "pictures", png(), at: [200, 400, 600, 700])
    + cut("a JPEG", "pictures", jpeg, at: [100, 300, 500, 800])
}
