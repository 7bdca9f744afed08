package import Foundation

/// A regular file mapped for reading, and its descriptor, which tells whether the file has changed since.
///
/// `@unchecked Sendable`: nothing is changed after `init`; the pages are only ever read.
package final class MappedFile: @unchecked Sendable {
  private let path: String
  private let descriptor: Int32
  private let start: UnsafeMutableRawPointer?
  private let count: Int
  private let changed: timespec

  package init(_ path: String) throws(CheckpointError) {
    // Not blocking: opening a pipe that nobody writes would wait for ever.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.failure(path) }
    var status = stat()
    var reason: String?
    if fstat(descriptor, &status) != 0 {
      reason = String(cString: strerror(errno)).lowercased()
    } else if status.st_mode & S_IFMT == S_IFDIR {
      reason = "it is a folder"
    } else if status.st_mode & S_IFMT != S_IFREG {
      reason = "it is no regular file; copy it to one"
    }
    if let reason {
      close(descriptor)
      throw .unreadable(path: path, reason: reason)
    }
    let count = Int(status.st_size)
    // No mapping has length 0.
    let start = count > 0 ? mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0) : nil
    guard start != MAP_FAILED else {
      let error = Self.failure(path)
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    self.start = start
    self.count = count
    changed = Self.time(status)
  }

  deinit {
    if let start { munmap(start, count) }
    close(descriptor)
  }

  /// The pages; the mapping lives as long as the data and its slices do.
  package var data: Data {
    guard let start else { return Data() }
    return Data(bytesNoCopy: start, count: count, deallocator: .custom { _, _ in withExtendedLifetime(self) {} })
  }

  /// Expects that the file has the length and the time of its opening. What happens between this check and the use of
  /// the pages is not seen.
  package func checkUnchanged() throws(CheckpointError) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
    let time = Self.time(status)
    guard Int(status.st_size) == count, time.tv_sec == changed.tv_sec, time.tv_nsec == changed.tv_nsec else {
      throw .unreadable(path: path, reason: "it was changed while it was read")
    }
  }

  /// A copy made by reading, which meets a file that shrinks with an error and no signal.
  func copy(_ offset: Int, _ length: Int) throws(CheckpointError) -> Data {
    try checkUnchanged()
    var failure: CheckpointError?
    let copy = [UInt8](unsafeUninitializedCapacity: length) { buffer, done in
      while done < length, failure == nil {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[done..<length])
        let read = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if read > 0 {
          done += read
        } else if read == 0 {
          failure = .unreadable(path: path, reason: "it was changed while it was read")
        } else if errno != EINTR {
          failure = Self.failure(path)
        }
      }
    }
    if let failure { throw failure }
    return Data(copy)
  }

  private static func failure(_ path: String) -> CheckpointError {
    let reason = errno == ENOENT ? "there is no such file" : String(cString: strerror(errno)).lowercased()
    return .unreadable(path: path, reason: reason)
  }

  private static func time(_ status: stat) -> timespec {
    #if canImport(Darwin)
      status.st_mtimespec
    #else
      status.st_mtim
    #endif
  }
}
