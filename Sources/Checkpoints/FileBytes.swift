import Foundation

/// A file's bytes, mapped into memory, or bytes that were copied out of one; every access is checked.
///
/// What describes a file (headers, directories, pickles) is read from a ``snapshot(_:_:)``, a copy that nobody changes.
/// Values are read through the mapping, each time after a check that the file is still what was opened: a mapping's
/// pages beyond the end of a file that shrank would end the process.
struct FileBytes: Sendable {
  let path: String
  private let data: Data
  /// The place of the first byte in the file, for messages.
  private let origin: Int
  private let mapping: MappedFile?

  init(_ path: String) throws(CheckpointError) {
    let mapping = try MappedFile(path)
    self.init(mapping.data, path: path, origin: 0, mapping: mapping)
  }

  init(_ bytes: some Sequence<UInt8>, path: String, origin: Int = 0) {
    self.init(Data(bytes), path: path, origin: origin, mapping: nil)
  }

  private init(_ data: Data, path: String, origin: Int, mapping: MappedFile?) {
    self.path = path
    self.data = data
    self.origin = origin
    self.mapping = mapping
  }

  var count: Int { data.count }
  /// The mapping itself: not checked against a file that shrinks while it is used.
  var contents: Data { data }

  func starts(with prefix: [UInt8]) -> Bool { data.starts(with: prefix) }

  /// A part of the file without a copy; callers count from the slice's own start.
  ///
  /// - Throws: ``CheckpointError/malformed(path:offset:reason:)`` when the range leaves the file,
  ///   ``CheckpointError/unreadable(path:reason:)`` when the file has changed.
  func slice(_ offset: Int, _ length: Int) throws(CheckpointError) -> Data {
    try check(offset, length)
    try mapping?.checkUnchanged()
    return data[(data.startIndex + offset)..<(data.startIndex + offset + length)]
  }

  /// A copy of a part, which later changes of the file do not reach.
  func snapshot(_ offset: Int, _ length: Int) throws(CheckpointError) -> FileBytes {
    try check(offset, length)
    let copy = if let mapping { try mapping.copy(offset, length) } else { Data(try slice(offset, length)) }
    return FileBytes(copy, path: path, origin: origin + offset, mapping: nil)
  }

  /// A little-endian integer.
  func integer<T: FixedWidthInteger>(_ offset: Int, as: T.Type) throws(CheckpointError) -> T {
    try check(offset, MemoryLayout<T>.size)
    // One load: pickles are read byte by byte.
    return T(littleEndian: data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
  }

  /// A size or place of eight bytes, which must lie within `limit`.
  func size(_ offset: Int, limit: Int) throws(CheckpointError) -> Int {
    let value = try integer(offset, as: UInt64.self)
    guard value <= UInt64(limit) else { throw malformed(offset, "\(value) is more than the file holds") }
    return Int(value)
  }

  private func check(_ offset: Int, _ length: Int) throws(CheckpointError) {
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard offset >= 0, length >= 0, !overflow, end <= data.count else {
      throw malformed(offset, "\(length) bytes are needed here, but the file ends at \(origin + data.count)")
    }
  }

  func malformed(_ offset: Int?, _ reason: String) -> CheckpointError {
    .malformed(path: path, offset: place(offset), reason: reason)
  }

  func unsupported(_ offset: Int?, _ reason: String) -> CheckpointError {
    .unsupported(path: path, offset: place(offset), reason: reason)
  }

  private func place(_ offset: Int?) -> Int? { offset.map { $0.addingReportingOverflow(origin).partialValue } }
}

/// What the system says is wrong, without the path it repeats.
func reasonText(_ error: any Error) -> String {
  let error = error as NSError
  let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError
  if let system = [underlying, error].compactMap({ $0 }).first(where: { $0.domain == NSPOSIXErrorDomain }) {
    return String(cString: strerror(Int32(system.code))).lowercased()
  }
  if error.domain == NSCocoaErrorDomain && error.code == CocoaError.fileReadNoSuchFile.rawValue {
    return "there is no such file"
  }
  // Foundation's own sentence, for the end of one of ours.
  let text = error.localizedDescription
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}
