public import Foundation

/// A safetensors file: an 8-byte length, a JSON header, and the tensors' raw bytes without holes.
public struct SafetensorsFile: TensorFile {
  private struct Entry {
    let type: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int
  }

  private static let largestHeader = 100_000_000

  public let names: [String]
  /// The header's `__metadata__`.
  public let metadata: [String: String]
  private let bytes: FileBytes
  private let entries: [String: Entry]
  private let start: Int

  /// - Throws: ``CheckpointError`` naming the file.
  public init(path: String) throws(CheckpointError) { try self.init(FileBytes(path)) }

  init(_ bytes: FileBytes) throws(CheckpointError) {
    let length = try bytes.integer(0, as: UInt64.self)
    guard length <= Self.largestHeader else { throw bytes.malformed(0, "its header is longer than 100 MB") }
    let header = try bytes.slice(8, Int(length))
    // Checked first, for Foundation would also take UTF-16, of which zeros tell.
    guard header.first == UInt8(ascii: "{"), !header.contains(0), String(validating: header, as: UTF8.self) != nil,
      let object = try? JSONSerialization.jsonObject(with: header), let fields = object as? [String: Any]
    else { throw bytes.malformed(8, "its header is no JSON object") }
    guard Self.keyCount(header) == fields.count else { throw bytes.malformed(8, "its header names a tensor twice") }
    self.bytes = bytes
    start = 8 + Int(length)
    guard let metadata = (fields["__metadata__"] ?? [String: String]()) as? [String: String] else {
      throw bytes.malformed(8, "its metadata is not all text")
    }
    self.metadata = metadata
    var entries: [String: Entry] = [:]
    for (name, value) in fields where name != "__metadata__" {
      if let type = (value as? [String: Any])?["dtype"] as? String, ElementType.safetensorsNames[type] == nil {
        throw bytes.malformed(8, "the tensor '\(name)' has the type '\(type)', which is not supported")
      }
      guard let entry = Self.entry(value) else { throw bytes.malformed(8, "the entry of '\(name)' is not valid") }
      entries[name] = entry
    }
    let ordered = entries.sorted { ($0.value.begin, $0.value.end, $0.key) < ($1.value.begin, $1.value.end, $1.key) }
    var end = 0
    for (name, entry) in ordered {
      guard entry.begin == end else { throw bytes.malformed(start + end, "there is a hole or an overlap at '\(name)'") }
      end = entry.end
    }
    guard start + end == bytes.count else {
      throw bytes.malformed(start + end, "its tensors end at \(start + end), the file at \(bytes.count)")
    }
    self.entries = entries
    names = ordered.map(\.key)
  }

  public var path: String { bytes.path }

  static func recognises(_ bytes: FileBytes) -> Bool {
    guard let length = try? bytes.integer(0, as: UInt64.self), length <= largestHeader,
      let first = try? bytes.integer(8, as: UInt8.self)
    else { return false }
    return first == UInt8(ascii: "{") && Int(length) + 8 <= bytes.count
  }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try found(name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    let entry = try found(name)
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

  private func found(_ name: String) throws(CheckpointError) -> Entry {
    guard let entry = entries[name] else { throw .missing(path: path, name: name) }
    return entry
  }

  /// The keys of the outermost object in valid JSON, repeated ones too, which Foundation's reader hides.
  private static func keyCount(_ json: Data) -> Int {
    var (count, depth) = (0, 0)
    var (inText, isEscaped) = (false, false)
    for byte in json {
      if inText {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          inText = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): inText = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":") where depth == 1: count += 1
      default: break
      }
    }
    return count
  }

  private static func entry(_ value: Any) -> Entry? {
    guard let fields = value as? [String: Any], let typeName = fields["dtype"] as? String,
      let type = ElementType.safetensorsNames[typeName], let shape = fields["shape"] as? [Int],
      let offsets = fields["data_offsets"] as? [Int], offsets.count == 2, offsets[0] >= 0, offsets[1] >= offsets[0],
      shape.count <= 64, shape.allSatisfy({ $0 >= 0 })
    else { return nil }
    var length = type.byteCount
    for extent in shape {
      let (product, overflow) = length.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      length = product
    }
    guard length == offsets[1] - offsets[0] else { return nil }
    return Entry(type: type, shape: shape, begin: offsets[0], end: offsets[1])
  }
}

extension SafetensorsFile {
  /// The file's bytes for these tensors, as 32-bit floats in the order of their names.
  ///
  /// - Throws: ``CheckpointError`` when a tensor's values do not fill its shape.
  public static func encoded(_ tensors: [String: HostTensor], metadata: [String: String] = [:]) throws -> Data {
    var header: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
    var offset = 0
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard name != "__metadata__", tensor.shape.reduce(1, *) == tensor.values.count else {
        throw CheckpointError.malformed(
          path: name, offset: nil, reason: "\(tensor.values.count) values are no tensor of shape \(tensor.shape)")
      }
      let end = offset + 4 * tensor.values.count
      header[name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, end]] as [String: Any]
      offset = end
    }
    var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
    // Spaces bring the tensors to a multiple of 8 bytes.
    json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
    var data = Data()
    data.reserveCapacity(8 + json.count + offset)
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(json)
    for (_, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
    }
    return data
  }
}
