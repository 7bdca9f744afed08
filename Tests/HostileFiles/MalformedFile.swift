/// A file with one thing wrong, named after it, for one reader, which must refuse it.
public struct MalformedFile: Sendable, CustomStringConvertible {
  public let name: String
  /// Of ``ByteReader``.
  public let reader: String
  public let bytes: [UInt8]

  init(_ name: String, _ reader: String, _ bytes: [UInt8]) {
    self.name = name
    self.reader = reader
    self.bytes = bytes
  }

  public var description: String { "\(reader): \(name)" }

  /// All of them, the same in every run.
  public static let all = safetensors + zips + pickles + legacies + pictures + gzips + otherKinds

  /// A good file cut off: after a part of it that is given in thousandths.
  static func cut(_ name: String, _ reader: String, _ bytes: [UInt8], at thousandths: [Int]) -> [MalformedFile] {
    thousandths.map {
      MalformedFile("\(name) cut off after \($0) thousandths", reader, Array(bytes.prefix(bytes.count * $0 / 1000)))
    }
  }

  /// Files of other kinds, given to the reader that recognises weights.
  private static let otherKinds: [MalformedFile] = [
    ("an empty file", []), ("one byte", [0x50]), ("a gzip file", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
    ("a page of the web", Array("<!DOCTYPE html><html>not found</html>".utf8)),
    ("a pointer of Git LFS", Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n".utf8)),
    ("a bare pickle of protocol 2", [0x80, 2, 0x7D, 0x2E]), ("a bare pickle of protocol 4", [0x80, 4, 0x95, 0, 0]),
    ("a tar archive", [UInt8](repeating: 0, count: 257) + Array("ustar\u{0}00".utf8)),
    ("an HDF5 file", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]),
    ("a GGUF file", Array("GGUF".utf8) + [3, 0, 0, 0]),
    ("zeros", [UInt8](repeating: 0, count: 100)), ("ones", [UInt8](repeating: 0xFF, count: 100)),
  ].map { MalformedFile($0.0, "weights, strict", $0.1) }

  /// "one line\n", packed.
  private static let goodGzip: [UInt8] = [
    31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 207, 75, 85, 200, 201, 204, 75, 229, 2, 0, 53, 60, 106, 222, 9, 0, 0, 0,
  ]

  private static let gzips: [MalformedFile] =
    [
      ("no gzip file but text", Array("one line\n".utf8)), ("nothing at all", []),
      ("another method", changed(2, to: 7)), ("reserved flags", changed(3, to: 0xE0)),
      ("a block of no kind", changed(10, to: 7)), ("a wrong checksum", changed(21, to: 52)),
      ("a wrong length", changed(25, to: 8)),
    ].map { MalformedFile($0.0, "gzip", $0.1) } + cut("a good gzip file", "gzip", goodGzip, at: [200, 500, 800, 970])

  private static func changed(_ place: Int, to byte: UInt8) -> [UInt8] {
    var bytes = goodGzip
    bytes[place] = byte
    return bytes
  }
}
