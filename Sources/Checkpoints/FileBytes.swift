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
    // No copy; callers count from the slice's own start.
    return data[(data.startIndex + offset)..<(data.startIndex + end)]
  }

  /// A little-endian integer.
  func integer<T: FixedWidthInteger>(_ offset: Int, as: T.Type) throws(CheckpointError) -> T {
    guard offset >= 0, offset <= data.count - MemoryLayout<T>.size else {
      throw malformed(offset, "\(MemoryLayout<T>.size) bytes are needed here, but the file ends at \(data.count)")
    }
    // One load: pickles are read byte by byte.
    return T(littleEndian: data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) })
  }

  func malformed(_ offset: Int?, _ reason: String) -> CheckpointError {
    .malformed(path: path, offset: offset, reason: reason)
  }
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
