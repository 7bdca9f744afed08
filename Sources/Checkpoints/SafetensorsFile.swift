import Foundation

/// A safetensors file: an 8-byte length, a JSON header, and the tensors' raw bytes without holes.
public struct SafetensorsFile: TensorFile {
  private static let largestHeader = 100_000_000

  public let names: [String]
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  private let bytes: FileBytes
  private let entries: [String: SafetensorsHeader.Entry]
  private let start: Int

  /// - Throws: ``CheckpointError`` naming the file and the byte.
  public init(path: String) throws(CheckpointError) { try self.init(FileBytes(path)) }

  package init(_ bytes: [UInt8], path: String) throws(CheckpointError) { try self.init(FileBytes(bytes, path: path)) }

  init(_ bytes: FileBytes) throws(CheckpointError) {
    let length = try bytes.snapshot(0, 8).integer(0, as: UInt64.self)
    guard length <= Self.largestHeader else { throw bytes.malformed(0, "its header is longer than 100 MB") }
    let header = try SafetensorsHeader(bytes.snapshot(8, Int(length)))
    self.bytes = bytes
    start = 8 + Int(length)
    metadata = header.metadata
    let ordered = header.entries.sorted { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    var end = 0
    for entry in ordered {
      guard entry.begin == end else {
        throw bytes.malformed(8 + entry.place, "there is a hole or an overlap at '\(entry.name)'")
      }
      end = entry.end
    }
    guard end == bytes.count - start else {
      throw bytes.malformed(nil, "its tensors take \(end) bytes, the file has \(bytes.count - start) for them")
    }
    entries = Dictionary(ordered.map { ($0.name, $0) }) { first, _ in first }
    names = ordered.map(\.name)
  }

  public var path: String { bytes.path }

  static func recognises(_ bytes: FileBytes) -> Bool {
    guard let head = try? bytes.snapshot(0, 9), let length = try? head.integer(0, as: UInt64.self),
      length <= largestHeader, let first = try? head.integer(8, as: UInt8.self)
    else { return false }
    return first == UInt8(ascii: "{") && Int(length) + 8 <= bytes.count
  }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try found(name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let entry = try found(name)
    guard !entry.type.isComplex else {
      throw bytes.unsupported(start + entry.begin, "the tensor '\(name)' has complex numbers (\(entry.type.rawValue))")
    }
    let data = try bytes.slice(start + entry.begin, entry.end - entry.begin)
    return HostTensor(shape: entry.shape, values: data.withUnsafeBytes { entry.type.floats($0) })
  }

  /// Integers as they stand, for types that floats cannot hold.
  public func integers(named name: String) throws(CheckpointError) -> [Int] {
    let entry = try found(name)
    guard entry.type == .int64 || entry.type == .int32 else {
      throw bytes.malformed(nil, "the tensor '\(name)' holds no integers")
    }
    let data = try bytes.slice(start + entry.begin, entry.end - entry.begin)
    let size = entry.type.byteCount
    return data.withUnsafeBytes { raw in
      (0..<(raw.count / size)).map { index in
        size == 8
          ? Int(raw.loadUnaligned(fromByteOffset: index * 8, as: Int64.self))
          : Int(raw.loadUnaligned(fromByteOffset: index * 4, as: Int32.self))
      }
    }
  }

  private func found(_ name: String) throws(CheckpointError) -> SafetensorsHeader.Entry {
    guard let entry = entries[name] else { throw .missing(path: path, name: name) }
    return entry
  }
}
