import CZlib
public import Foundation

/// A zip archive's members: stored and deflated, Zip64 too; sizes and checksums come from the directory at its end.
public struct ZipArchive: Sendable {
  private static let largestMember = 1 << 30
  /// Deflate cannot do better (zlib's documentation says 1032), so a size beyond is a lie, told to claim memory.
  private static let largestRatio = 1040

  /// In the archive's order.
  public let names: [String]
  let bytes: FileBytes
  private let entries: [String: ZipDirectory.Entry]

  /// - Throws: ``CheckpointError`` naming the file and the byte.
  public init(path: String) throws(CheckpointError) { try self.init(FileBytes(path)) }

  package init(_ bytes: [UInt8], path: String) throws(CheckpointError) { try self.init(FileBytes(bytes, path: path)) }

  init(_ bytes: FileBytes) throws(CheckpointError) {
    let directory = try ZipDirectory(bytes)
    self.bytes = bytes
    names = directory.entries.map(\.name)
    entries = Dictionary(directory.entries.map { ($0.name, $0) }) { first, _ in first }
  }

  /// A member's contents, checked against its checksum.
  public func contents(of name: String) throws(CheckpointError) -> Data {
    let entry = try found(name)
    guard entry.size <= Self.largestMember, entry.size / Self.largestRatio <= entry.compressed else {
      throw bytes.malformed(entry.header, "'\(name)' is too large")
    }
    let start = try payload(entry)
    let packed = try bytes.snapshot(start, entry.compressed).contents
    let data: Data
    switch entry.method {
    case 0: data = packed
    case 8:
      guard let inflated = Self.inflated(packed, size: entry.size) else {
        throw bytes.malformed(entry.header, "'\(name)' does not decompress")
      }
      data = inflated
    default: throw bytes.malformed(entry.header, "'\(name)' is compressed by method \(entry.method)")
    }
    try check(data, entry)
    return data
  }

  /// Where a member's bytes lie in the file, if they lie there as they are; nil where they are compressed.
  func stored(_ name: String) throws(CheckpointError) -> Range<Int>? {
    let entry = try found(name)
    guard entry.method == 0 else { return nil }
    let start = try payload(entry)
    guard entry.size == entry.compressed else { throw bytes.malformed(entry.header, "'\(name)' has two sizes") }
    return start..<(start + entry.size)
  }

  func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The member's size when it is unpacked.
  func size(of name: String) throws(CheckpointError) -> Int { try found(name).size }

  /// Compares the checksum of a member that is stored as it is.
  func check(_ name: String) throws(CheckpointError) {
    guard let range = try stored(name) else { return }
    try check(bytes.slice(range.lowerBound, range.count), found(name))
  }

  private func found(_ name: String) throws(CheckpointError) -> ZipDirectory.Entry {
    guard let entry = entries[name] else { throw .missing(path: bytes.path, name: name) }
    return entry
  }

  /// Where a member's bytes begin. The local header repeats name and extra field with lengths of its own; its sizes and
  /// checksum may be missing.
  private func payload(_ entry: ZipDirectory.Entry) throws(CheckpointError) -> Int {
    guard entry.flags & 1 == 0 else { throw bytes.malformed(entry.header, "'\(entry.name)' is encrypted") }
    let header = try bytes.snapshot(entry.header, 30)
    guard try header.integer(0, as: UInt32.self) == 0x0403_4B50,
      try header.integer(26, as: UInt16.self) == entry.name.utf8.count
    else { throw bytes.malformed(entry.header, "the header of '\(entry.name)' is damaged") }
    let start = entry.header + 30 + entry.name.utf8.count + Int(try header.integer(28, as: UInt16.self))
    guard start <= entry.limit - entry.compressed else {
      throw bytes.malformed(entry.header, "'\(entry.name)' runs into what follows it")
    }
    return start
  }

  private func check(_ data: Data, _ entry: ZipDirectory.Entry) throws(CheckpointError) {
    let crc = data.withUnsafeBytes { crc32_z(0, $0.bindMemory(to: UInt8.self).baseAddress, $0.count) }
    guard data.count == entry.size, UInt32(truncatingIfNeeded: crc) == entry.crc else {
      throw bytes.malformed(entry.header, "'\(entry.name)' has a wrong checksum")
    }
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
