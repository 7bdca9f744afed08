import CZlib
public import Foundation

/// A zip archive's members, enough for Python wheels: stored and deflated, sizes and checksums checked.
public struct ZipArchive: Sendable {
  private struct Entry {
    let flags: UInt16
    let method: UInt16
    let crc: UInt32
    let compressed: Int
    let size: Int
    let header: Int
  }

  private static let largestMember = 1 << 30
  /// Deflate cannot do better (zlib's documentation says 1032), so a size beyond is a lie, told to claim memory.
  private static let largestRatio = 1040

  /// In the archive's order.
  public let names: [String]
  private let bytes: FileBytes
  private let entries: [String: Entry]

  public init(path: String) throws(CheckpointError) {
    let bytes = try FileBytes(path)
    let end = try Self.endOfDirectory(bytes)
    let count = Int(try bytes.integer(end + 10, as: UInt16.self))
    var position = Int(try bytes.integer(end + 16, as: UInt32.self))
    guard count != 0xFFFF, position != 0xFFFF_FFFF else { throw bytes.malformed(end, "Zip64 archives are not read") }
    var names: [String] = []
    var entries: [String: Entry] = [:]
    for _ in 0..<count {
      guard try bytes.integer(position, as: UInt32.self) == 0x0201_4B50 else {
        throw bytes.malformed(position, "the directory of the zip archive is damaged")
      }
      let nameLength = Int(try bytes.integer(position + 28, as: UInt16.self))
      let rest =
        Int(try bytes.integer(position + 30, as: UInt16.self)) + Int(try bytes.integer(position + 32, as: UInt16.self))
      let name = String(decoding: try bytes.slice(position + 46, nameLength), as: UTF8.self)
      guard entries[name] == nil else { throw bytes.malformed(position, "'\(name)' is in it twice") }
      entries[name] = Entry(
        flags: try bytes.integer(position + 8, as: UInt16.self),
        method: try bytes.integer(position + 10, as: UInt16.self),
        crc: try bytes.integer(position + 16, as: UInt32.self),
        compressed: Int(try bytes.integer(position + 20, as: UInt32.self)),
        size: Int(try bytes.integer(position + 24, as: UInt32.self)),
        header: Int(try bytes.integer(position + 42, as: UInt32.self)))
      names.append(name)
      position += 46 + nameLength + rest
    }
    self.bytes = bytes
    self.names = names
    self.entries = entries
  }

  /// A member's contents.
  public func contents(of name: String) throws(CheckpointError) -> Data {
    guard let entry = entries[name] else { throw .missing(path: bytes.path, name: name) }
    guard entry.size <= Self.largestMember, entry.size / Self.largestRatio <= entry.compressed else {
      throw bytes.malformed(entry.header, "'\(name)' is too large")
    }
    guard entry.flags & 1 == 0 else { throw bytes.malformed(entry.header, "'\(name)' is encrypted") }
    guard try bytes.integer(entry.header, as: UInt32.self) == 0x0403_4B50 else {
      throw bytes.malformed(entry.header, "the header of '\(name)' is damaged")
    }
    // The local header repeats name and extra field with lengths of its own; sizes come from the directory.
    let skipped =
      Int(try bytes.integer(entry.header + 26, as: UInt16.self))
      + Int(try bytes.integer(entry.header + 28, as: UInt16.self))
    let packed = try bytes.slice(entry.header + 30 + skipped, entry.compressed)
    let data: Data
    switch entry.method {
    case 0: data = Data(packed)
    case 8:
      guard let inflated = Self.inflated(packed, size: entry.size) else {
        throw bytes.malformed(entry.header, "'\(name)' does not decompress")
      }
      data = inflated
    default: throw bytes.malformed(entry.header, "'\(name)' is compressed by method \(entry.method)")
    }
    let crc = data.withUnsafeBytes { crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
    guard data.count == entry.size, UInt32(truncatingIfNeeded: crc) == entry.crc else {
      throw bytes.malformed(entry.header, "'\(name)' has a wrong checksum")
    }
    return data
  }

  /// The end record stands in the last 65 557 bytes, before a comment.
  private static func endOfDirectory(_ bytes: FileBytes) throws(CheckpointError) -> Int {
    let length = min(bytes.count, 65_557)
    let tail = [UInt8](try bytes.slice(bytes.count - length, length))
    guard length >= 22 else { throw bytes.malformed(0, "it is no zip archive") }
    for start in stride(from: length - 22, through: 0, by: -1)
    where tail[start] == 0x50 && tail[start + 1] == 0x4B && tail[start + 2] == 5 && tail[start + 3] == 6 {
      return bytes.count - length + start
    }
    throw bytes.malformed(0, "it is no zip archive, or it is cut off")
  }

  private static func inflated(_ packed: Data, size: Int) -> Data? {
    var stream = z_stream()
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return nil }
    defer { inflateEnd(&stream) }
    var input = packed
    var output = Data(count: size)
    let status = input.withUnsafeMutableBytes { source in
      output.withUnsafeMutableBytes { target in
        stream.next_in = source.bindMemory(to: UInt8.self).baseAddress
        stream.avail_in = uInt(clamping: source.count)
        stream.next_out = target.bindMemory(to: UInt8.self).baseAddress
        stream.avail_out = uInt(clamping: target.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    return status == Z_STREAM_END && stream.avail_out == 0 ? output : nil
  }
}
