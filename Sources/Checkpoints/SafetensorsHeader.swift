import Foundation

/// The JSON header of a safetensors file, read strictly: every name once, whole numbers, text that is UTF-8. Foundation's
/// reader hides repeated names and says not where a header is wrong.
struct SafetensorsHeader {
  struct Entry {
    let name: String
    let type: ElementType
    let shape: [Int]
    let begin: Int
    let end: Int
    /// The entry's place in the header.
    let place: Int
  }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  private var json: StrictJSON
  private let bytes: FileBytes

  /// - bytes: the header alone
  init(_ bytes: FileBytes) throws(CheckpointError) {
    self.bytes = bytes
    json = StrictJSON(bytes)
    guard json.peek() == UInt8(ascii: "{") else { throw bytes.malformed(0, "its header does not begin with '{'") }
    var names: Set<String> = []
    var isFirst = true
    while let name = try json.nextKey(&isFirst) {
      let place = json.position
      guard names.insert(name).inserted else { throw bytes.malformed(place, "its header names '\(name)' twice") }
      if name == "__metadata__" { try readMetadata() } else { try entries.append(readEntry(name, place)) }
    }
    try json.expectEnd()
  }

  private mutating func readMetadata() throws(CheckpointError) {
    guard json.peek() == UInt8(ascii: "{") else {
      throw bytes.malformed(json.position, "its metadata is no object")
    }
    var isFirst = true
    while let key = try json.nextKey(&isFirst) {
      guard json.peek() == UInt8(ascii: "\"") else {
        throw bytes.malformed(json.position, "its metadata is not all text")
      }
      let place = json.position
      guard metadata.updateValue(try json.string(), forKey: key) == nil else {
        throw bytes.malformed(place, "its metadata names '\(key)' twice")
      }
    }
  }

  private mutating func readEntry(_ name: String, _ place: Int) throws(CheckpointError) -> Entry {
    var (typeName, shape, offsets): (String?, [Int]?, [Int]?)
    var seen: Set<String> = []
    guard json.peek() == UInt8(ascii: "{") else { throw bytes.malformed(place, "the entry of '\(name)' is no object") }
    var isFirst = true
    while let key = try json.nextKey(&isFirst) {
      guard seen.insert(key).inserted else {
        throw bytes.malformed(json.position, "the entry of '\(name)' has '\(key)' twice")
      }
      switch key {
      case "dtype": typeName = try json.string()
      case "shape": shape = try json.numbers(atMost: StridedTensor.axisLimit)
      case "data_offsets": offsets = try json.numbers(atMost: 2)
      // The reference library steps over what it does not know.
      default: try json.skipValue()
      }
    }
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw bytes.malformed(place, "the entry of '\(name)' has not all of dtype, shape and data_offsets")
    }
    guard let type = ElementType.safetensorsNames[typeName] else {
      throw bytes.unsupported(place, "the tensor '\(name)' has the type '\(typeName)', which is not supported")
    }
    guard Self.length(type, shape) == offsets[1] - offsets[0] else {
      throw bytes.malformed(place, "the bytes of '\(name)' do not fit its type and shape")
    }
    return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1], place: place)
  }

  private static func length(_ type: ElementType, _ shape: [Int]) -> Int? {
    var length = type.byteCount
    for extent in shape {
      let (product, overflow) = length.multipliedReportingOverflow(by: extent)
      guard !overflow else { return nil }
      length = product
    }
    return length
  }
}
