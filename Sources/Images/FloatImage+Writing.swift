public import Foundation

extension FloatImage {
  /// The samples as a TIFF file's bytes: little-endian IEEE floats, uncompressed in one strip, as every reader takes them
  /// (TIFF 6.0, sections 2 and 19).
  public var tiffData: Data {
    let values = littleEndianSamples
    // Bits and formats are one value for each channel; three do not fit into the entry itself.
    let entries = 12
    let lists = 8 + 2 + entries * 12 + 4
    let start = channels == 1 ? lists : lists + 2 * channels * 2
    var file = LittleEndianBytes()
    file.append(Array("II".utf8))
    file.append(UInt16(42))
    file.append(UInt32(8))
    file.append(UInt16(entries))
    func entry(_ tag: UInt16, _ type: UInt16, count: Int = 1, _ value: Int) {
      file.append(tag)
      file.append(type)
      file.append(UInt32(count))
      file.append(UInt32(value))
    }
    let (short, long): (UInt16, UInt16) = (3, 4)
    entry(256, long, width)
    entry(257, long, height)
    entry(258, short, count: channels, channels == 1 ? 32 : lists)
    entry(259, short, 1)  // no compression
    entry(262, short, channels == 1 ? 1 : 2)  // zero is black, or RGB
    entry(273, long, start)
    entry(274, short, 1)  // rows from the top
    entry(277, short, channels)
    entry(278, long, height)  // rows in the strip
    entry(279, long, values.count)
    entry(284, short, 1)  // channels interleaved
    entry(339, short, count: channels, channels == 1 ? 3 : lists + 2 * channels)  // IEEE floats
    file.append(UInt32(0))
    if channels > 1 {
      for value in [UInt16(32), 3] { for _ in 0..<channels { file.append(value) } }
    }
    return file.data + values
  }

  /// The samples as a NumPy file's bytes, format 1.0: `float32` of shape [height, width], or [height, width, 3] for RGB.
  public var npyData: Data {
    let shape = channels == 1 ? "\(height), \(width)" : "\(height), \(width), \(channels)"
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
    // Magic, version, length and header fill a multiple of 64 bytes, a line's end closing them.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    var file = LittleEndianBytes()
    file.append([0x93] + Array("NUMPY".utf8) + [1, 0])
    file.append(UInt16(header.utf8.count))
    file.append(Array(header.utf8))
    return file.data + littleEndianSamples
  }

  /// Writes a 32-bit float TIFF file, whole or not at all.
  public func writeTIFF(to url: URL) throws(ImageError) { try replaceFile(url, with: tiffData) }

  /// Writes a NumPy file of `float32`, whole or not at all.
  public func writeNPY(to url: URL) throws(ImageError) { try replaceFile(url, with: npyData) }

  private var littleEndianSamples: Data {
    samples.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Data($0) }
  }
}

/// A file's bytes as they are put together.
private struct LittleEndianBytes {
  private(set) var data = Data()

  mutating func append(_ bytes: [UInt8]) { data.append(contentsOf: bytes) }

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
}
