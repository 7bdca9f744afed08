public import Foundation
import Locking

/// Files and folders that appear whole or not at all: written beside their place under a temporary name, synced, renamed.
public enum AtomicWriting {
  /// Marks what a killed run may have left behind.
  private static let marker = ".flawless-unfinished-"

  /// - Throws: ``CheckpointError/unwritable(path:reason:)``.
  public static func write(_ data: Data, to url: URL) throws(CheckpointError) {
    let temporary = try beside(url)
    do {
      try data.write(to: temporary)
      try sync(temporary)
      guard rename(temporary.path, url.path) == 0 else { throw systemError(url) }
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw unwritable(url, error)
    }
  }

  /// Fills a new folder and puts it in the place of an old one of that name, if there is one.
  ///
  /// - fill: writes the files into the folder it is given.
  /// - Throws: ``CheckpointError``, or what `fill` throws; the old folder is then as it was.
  public static func writeFolder(at url: URL, fill: (URL) throws -> Void) throws {
    let temporary = try beside(url)
    do {
      try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false)
      try fill(temporary)
      for file in try FileManager.default.contentsOfDirectory(at: temporary, includingPropertiesForKeys: nil) {
        try sync(file)
      }
      try replace(url, with: temporary)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      if error is CocoaError { throw unwritable(url, error) }
      throw error
    }
  }

  private static func replace(_ url: URL, with temporary: URL) throws {
    if rename(temporary.path, url.path) == 0 { return }
    guard errno == ENOTEMPTY || errno == EEXIST else { throw systemError(url) }
    let aside = try beside(url)
    guard rename(url.path, aside.path) == 0 else { throw systemError(url) }
    guard rename(temporary.path, url.path) == 0 else {
      let error = systemError(url)
      rename(aside.path, url.path)
      throw error
    }
    try? FileManager.default.removeItem(at: aside)
  }

  /// A name in the same folder, which is made if need be; leftovers of killed runs there are removed.
  static func beside(_ url: URL) throws(CheckpointError) -> URL {
    let folder = url.deletingLastPathComponent()
    let prefix = ".\(url.lastPathComponent)\(marker)"
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix(prefix) {
        guard let process = Int32(name.dropFirst(prefix.count).prefix { $0.isNumber }), isGone(process, name) else {
          continue
        }
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
      }
    } catch { throw unwritable(url, error) }
    let name = "\(prefix)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    _ = ours.withLock { $0.insert(name) }
    return folder.appendingPathComponent(name)
  }

  /// Names that this process uses or has used. In containers every run may have the same number, so the number alone
  /// does not tell whose a leftover is.
  private static let ours = Locked<Set<String>>([])

  /// Whether the process that made a temporary name has ended. One that may not be signalled is alive.
  private static func isGone(_ process: Int32, _ name: String) -> Bool {
    if process == getpid() { return ours.withLock { !$0.contains(name) } }
    return kill(process, 0) != 0 && errno == ESRCH
  }

  static func sync(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY)
    guard descriptor >= 0 else { throw systemError(url) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw systemError(url) }
  }

  package static func systemError(_ url: URL) -> CheckpointError {
    .unwritable(path: url.path, reason: String(cString: strerror(errno)).lowercased())
  }

  static func unwritable(_ url: URL, _ error: any Error) -> CheckpointError {
    error as? CheckpointError ?? .unwritable(path: url.path, reason: reasonText(error))
  }
}
