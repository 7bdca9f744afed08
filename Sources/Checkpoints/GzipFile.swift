import CZlib
public import Foundation

/// A file compressed by gzip (RFC 1952).
public enum GzipFile {
  /// The contents of the file's first member.
  ///
  /// - limit: of the contents, in bytes: a small file may unpack to much
  /// - Throws: ``CheckpointError``.
  public static func contents(of path: String, limit: Int = 1 << 26) throws(CheckpointError) -> Data {
    try contents(FileBytes(path), limit)
  }

  /// The same for bytes in memory; `path` is for messages.
  package static func contents(
    of bytes: [UInt8], path: String, limit: Int = 1 << 26
  ) throws(CheckpointError) -> Data {
    try contents(FileBytes(bytes, path: path), limit)
  }

  private static func contents(_ bytes: FileBytes, _ limit: Int) throws(CheckpointError) -> Data {
    let packed = try bytes.snapshot(0, bytes.count).contents
    var stream = z_stream()
    // 16 more than the largest window: gzip's header.
    guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw bytes.malformed(nil, "zlib cannot start")
    }
    defer { inflateEnd(&stream) }
    var (input, contents, status) = (packed, Data(), Z_OK)
    var block = [UInt8](repeating: 0, count: 1 << 16)
    input.withUnsafeMutableBytes { source in
      stream.next_in = source.bindMemory(to: UInt8.self).baseAddress
      stream.avail_in = uInt(clamping: source.count)
      while status == Z_OK, contents.count <= limit {
        let count = block.withUnsafeMutableBufferPointer { target in
          stream.next_out = target.baseAddress
          stream.avail_out = uInt(target.count)
          status = inflate(&stream, Z_NO_FLUSH)
          return target.count - Int(stream.avail_out)
        }
        contents.append(contentsOf: block.prefix(count))
      }
    }
    guard contents.count <= limit else { throw bytes.unsupported(nil, "it unpacks to more than \(limit) bytes") }
    guard status == Z_STREAM_END else { throw bytes.malformed(nil, "it is no gzip file, or was cut") }
    return contents
  }
}
