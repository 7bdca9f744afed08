public import Foundation

/// A file that is written bit by bit and appears whole or not at all: for results too many to be held in memory.
public final class AtomicFile {
  private let url: URL
  private let temporary: URL
  private let handle: FileHandle
  private var isCommitted = false

  /// - Throws: ``CheckpointError/unwritable(path:reason:)``.
  public init(at url: URL) throws(CheckpointError) {
    self.url = url
    temporary = try AtomicWriting.beside(url)
    do {
      try Data().write(to: temporary)
      handle = try FileHandle(forWritingTo: temporary)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw AtomicWriting.unwritable(url, error)
    }
  }

  deinit {
    try? handle.close()
    if !isCommitted { try? FileManager.default.removeItem(at: temporary) }
  }

  public func append(_ data: Data) throws(CheckpointError) {
    do { try handle.write(contentsOf: data) } catch { throw AtomicWriting.unwritable(url, error) }
  }

  /// Puts the file in its place; an older one there is replaced.
  public func commit() throws(CheckpointError) {
    do {
      try handle.synchronize()
      guard rename(temporary.path, url.path) == 0 else { throw AtomicWriting.systemError(url) }
      isCommitted = true
    } catch { throw AtomicWriting.unwritable(url, error) }
  }
}
