import Foundation

/// The directory at the end of a zip archive (APPNOTE.TXT 6.3.10, 4.3.12 to 4.3.16).
struct ZipDirectory {
  struct Entry {
    let name: String
    let flags: UInt16
    let method: UInt16
    let crc: UInt32
    var compressed: Int
    var size: Int
    /// Where the local header begins.
    var header: Int
    /// Where the member must have ended: at the next one's header, or at the directory.
    var limit = 0
  }

  /// Where the directory lies and how many entries it has.
  private struct Place {
    var count: Int
    var length: Int
    var start: Int
    let end: Int
  }

  /// In the archive's order.
  private(set) var entries: [Entry] = []
  private let bytes: FileBytes

  init(_ bytes: FileBytes) throws(CheckpointError) {
    self.bytes = bytes
    let place = try Self.place(bytes)
    // 46 bytes is the least that an entry takes.
    guard place.start <= place.end, place.length <= place.end - place.start, place.count <= place.length / 46 else {
      throw bytes.malformed(place.end, "the directory of the zip archive does not fit the file")
    }
    let directory = try bytes.snapshot(place.start, place.length)
    var position = 0
    for _ in 0..<place.count { try entries.append(entry(directory, &position)) }
    guard position == place.length else {
      throw directory.malformed(position, "the directory of the zip archive is longer than its entries")
    }
    try checkNames(place.start)
    try limit(by: place.start)
  }

  // MARK: finding it

  /// The end record stands in the last 65 557 bytes, before a comment.
  private static func place(_ bytes: FileBytes) throws(CheckpointError) -> Place {
    let length = min(bytes.count, 65_557)
    guard length >= 22 else { throw bytes.malformed(0, "it is no zip archive") }
    let tail = try bytes.snapshot(bytes.count - length, length)
    let raw = [UInt8](tail.contents)
    let starts = stride(from: length - 22, through: 0, by: -1)
    guard let end = starts.first(where: { raw[$0...].starts(with: [0x50, 0x4B, 5, 6]) }) else {
      throw bytes.malformed(0, "it is no zip archive, or it is cut off")
    }
    var place = Place(
      count: Int(try tail.integer(end + 10, as: UInt16.self)), length: Int(try tail.integer(end + 12, as: UInt32.self)),
      start: Int(try tail.integer(end + 16, as: UInt32.self)), end: bytes.count - length + end)
    guard try tail.integer(end + 4, as: UInt32.self) == 0, try tail.integer(end + 8, as: UInt16.self) == place.count
    else { throw tail.malformed(end, "the zip archive has several parts") }
    if place.count == 0xFFFF || place.length == 0xFFFF_FFFF || place.start == 0xFFFF_FFFF {
      try widen(&place, bytes)
    }
    return place
  }

  /// Zip64: a locator just before the end record leads to one with wide fields.
  private static func widen(_ place: inout Place, _ bytes: FileBytes) throws(CheckpointError) {
    guard place.end >= 20 else { throw bytes.malformed(place.end, "the Zip64 record is missing") }
    let locator = try bytes.snapshot(place.end - 20, 20)
    guard try locator.integer(0, as: UInt32.self) == 0x0706_4B50 else {
      throw bytes.malformed(place.end, "the Zip64 record is missing")
    }
    let record = try bytes.snapshot(locator.size(8, limit: place.end), 56)
    guard try record.integer(0, as: UInt32.self) == 0x0606_4B50 else {
      throw record.malformed(0, "the Zip64 record is damaged")
    }
    place.count = try record.size(32, limit: bytes.count)
    place.length = try record.size(40, limit: bytes.count)
    place.start = try record.size(48, limit: bytes.count)
  }

  // MARK: entries

  private func entry(_ directory: FileBytes, _ position: inout Int) throws(CheckpointError) -> Entry {
    guard try directory.integer(position, as: UInt32.self) == 0x0201_4B50 else {
      throw directory.malformed(position, "the directory of the zip archive is damaged")
    }
    let start = position
    func length(_ offset: Int) throws(CheckpointError) -> Int {
      Int(try directory.integer(start + offset, as: UInt16.self))
    }
    let (nameLength, extra, comment) = (try length(28), try length(30), try length(32))
    let raw = try directory.slice(start + 46, nameLength)
    guard let name = String(data: raw, encoding: .utf8), !name.isEmpty else {
      throw directory.malformed(start + 46, "a member's name is not UTF-8, or is empty")
    }
    var entry = Entry(
      name: name, flags: try directory.integer(start + 8, as: UInt16.self),
      method: try directory.integer(start + 10, as: UInt16.self),
      crc: try directory.integer(start + 16, as: UInt32.self),
      compressed: Int(try directory.integer(start + 20, as: UInt32.self)),
      size: Int(try directory.integer(start + 24, as: UInt32.self)),
      header: Int(try directory.integer(start + 42, as: UInt32.self)))
    try widen(&entry, directory, start + 46 + nameLength, extra)
    position = start + 46 + nameLength + extra + comment
    return entry
  }

  /// Zip64: fields that are full stand in the extra field 1, in this order.
  private func widen(
    _ entry: inout Entry, _ directory: FileBytes, _ start: Int, _ length: Int
  ) throws(CheckpointError) {
    var wide: [WritableKeyPath<Entry, Int>] = []
    for path in [\Entry.size, \Entry.compressed, \Entry.header] where entry[keyPath: path] == 0xFFFF_FFFF {
      wide.append(path)
    }
    guard !wide.isEmpty else { return }
    var position = start
    while position <= start + length - 4 {
      let size = Int(try directory.integer(position + 2, as: UInt16.self))
      if try directory.integer(position, as: UInt16.self) == 1 {
        guard size >= 8 * wide.count, position + 4 + size <= start + length else { break }
        for (index, path) in wide.enumerated() {
          // What is unpacked may be larger than the file.
          entry[keyPath: path] = try directory.size(
            position + 4 + 8 * index, limit: path == \Entry.size ? 1 << 48 : bytes.count)
        }
        return
      }
      position += 4 + size
    }
    throw directory.malformed(start, "the Zip64 sizes of '\(entry.name)' are missing")
  }

  private func checkNames(_ start: Int) throws(CheckpointError) {
    var names: Set<String> = []
    for entry in entries where !names.insert(entry.name).inserted {
      throw bytes.malformed(start, "'\(entry.name)' is in it twice")
    }
  }

  /// Members follow one another: none may use another's bytes, or a small archive could hold much.
  private mutating func limit(by start: Int) throws(CheckpointError) {
    var end = start
    for index in entries.indices.sorted(by: { entries[$0].header > entries[$1].header }) {
      let entry = entries[index]
      guard entry.header <= end, entry.compressed <= end - entry.header - 30 - entry.name.utf8.count else {
        throw bytes.malformed(entry.header, "'\(entry.name)' runs into what follows it")
      }
      entries[index].limit = end
      end = entry.header
    }
  }
}
