import Foundation

/// A file's bytes, mapped where the system can, with every access checked.
struct FileBytes: Sendable {
  let path: String
  private let data: Data

  init(_ path: String) throws(CheckpointError) {
    self.path = path
    do { data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) } catch {
      throw .unreadable(path: path, reason: reasonText(error))
    }
  }

  init(_ bytes: [UInt8], path: String) {
    self.path = path
    data = Data(bytes)
  }

  var count: Int { data.count }
  var contents: Data { data }

  func starts(with prefix: [UInt8]) -> Bool { data.starts(with: prefix) }

  /// - Throws: ``CheckpointError/malformed(path:offset:reason:)`` when the range leaves the file.
  func slice(_ offset: Int, _ length: Int) throws(CheckpointError) -> Data {
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard offset >= 0, length >= 0, !overflow, end <= data.count else {
      throw malformed(offset, "\(length) bytes are needed here, but the file ends at \(data.count)")
    }
    return data.subdata(in: offset..<end)
  }

  func integer<T: FixedWidthInteger>(_ offset: Int, as: T.Type) throws(CheckpointError) -> T {
    try slice(offset, MemoryLayout<T>.size).reversed().reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  func malformed(_ offset: Int?, _ reason: String) -> CheckpointError {
    .malformed(path: path, offset: offset, reason: reason)
  }
}

/// What the system says is wrong, without the path it repeats.
func reasonText(_ error: any Error) -> String {
  let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
  if let underlying, underlying.domain == NSPOSIXErrorDomain {
    return String(cString: strerror(Int32(underlying.code))).lowercased()
  }
  return (error as NSError).domain == NSCocoaErrorDomain && (error as NSError).code == 260
    ? "there is no such file" : error.localizedDescription
}
