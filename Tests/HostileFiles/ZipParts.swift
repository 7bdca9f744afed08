import Checkpoints
import Foundation

/// The members of a zip archive and a writer that can also lie: for tests of readers.
public struct ZipParts: Sendable {
  public struct Member: Sendable {
    public var name: String
    public var contents: [UInt8]

    public init(_ name: String, _ contents: [UInt8]) {
      self.name = name
      self.contents = contents
    }
  }

  public var members: [Member]

  public init(_ members: [Member]) { self.members = members }

  /// Takes a good archive apart.
  init?(_ bytes: [UInt8]) {
    guard let archive = try? ZipArchive(bytes, path: "seed") else { return nil }
    members = archive.names.map { Member($0, (try? archive.contents(of: $0)).map([UInt8].init) ?? []) }
  }

  /// The archive with everything stored, as PyTorch does.
  ///
  /// - isWide: with Zip64's record and fields
  public func encoded(isWide: Bool = false) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for member in members {
      let start = bytes.count
      let name = Array(member.name.utf8)
      let crc = CRC32.of(member.contents)
      let (size, wide) = (UInt32(member.contents.count), UInt32.max)
      bytes += [0x50, 0x4B, 3, 4, 20, 0, 0, 8, 0, 0, 0, 0, 0, 0] + little(crc) + little(size) + little(size)
      bytes += little(UInt16(name.count)) + [0, 0] + name + member.contents
      let extra =
        isWide
        ? little(UInt16(1)) + little(UInt16(24)) + little(UInt64(size)) + little(UInt64(size)) + little(UInt64(start))
        : []
      directory += [0x50, 0x4B, 1, 2, 45, 3, 20, 0, 0, 8, 0, 0, 0, 0, 0, 0] + little(crc)
      directory += little(isWide ? wide : size) + little(isWide ? wide : size) + little(UInt16(name.count))
      directory += little(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
      directory += little(isWide ? wide : UInt32(start)) + name + extra
    }
    let start = bytes.count
    bytes += directory
    let count = members.count
    if isWide {
      let record = bytes.count
      bytes += [0x50, 0x4B, 6, 6] + little(UInt64(44)) + [45, 3, 45, 0] + little(UInt64(0)) + little(UInt64(count))
      bytes += little(UInt64(count)) + little(UInt64(directory.count)) + little(UInt64(start))
      bytes += [0x50, 0x4B, 6, 7, 0, 0, 0, 0] + little(UInt64(record)) + little(UInt32(1))
    }
    bytes += [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + little(isWide ? .max : UInt16(count))
    bytes += little(isWide ? .max : UInt16(count)) + little(isWide ? .max : UInt32(directory.count))
    return bytes + little(isWide ? .max : UInt32(start)) + [0, 0]
  }
}

/// The chunks of a PNG file.
public struct PNGParts: Sendable {
  public struct Chunk: Sendable {
    public var type: [UInt8]
    public var contents: [UInt8]

    public init(_ type: String, _ contents: [UInt8]) {
      self.type = Array(type.utf8)
      self.contents = contents
    }
  }

  public static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  public var chunks: [Chunk] = []

  public init(chunks: [Chunk]) { self.chunks = chunks }

  /// Takes a file apart whose chunks fit it.
  public init?(_ bytes: [UInt8]) {
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      guard length <= bytes.count - position - 12 else { return nil }
      var chunk = Chunk("", Array(bytes[(position + 8)..<(position + 8 + length)]))
      chunk.type = Array(bytes[(position + 4)..<(position + 8)])
      chunks.append(chunk)
      position += 12 + length
    }
  }

  public func encoded() -> [UInt8] {
    chunks.reduce(into: Self.signature) { bytes, chunk in
      bytes += little(UInt32(chunk.contents.count)).reversed() + chunk.type + chunk.contents
      bytes += little(CRC32.of(chunk.type + chunk.contents)).reversed()
    }
  }
}

/// The checksum of zip and PNG (ISO 3309), a bit at a time.
enum CRC32 {
  static func of(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { crc, byte in table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
  }

  private static let table = (0..<UInt32(256)).map { start in
    (0..<8).reduce(start) { crc, _ in crc & 1 == 0 ? crc >> 1 : 0xEDB8_8320 ^ (crc >> 1) }
  }
}

/// The bytes of an integer, little-endian.
public func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian, Array.init) }
