package import Foundation

/// Built programs on disk, one a file, shared by all processes of a user without locks: files are written under another
/// name and renamed, and the last one wins.
///
/// Nothing here fails: a folder that cannot be used is not used, and a damaged file is deleted.
package struct ProgramCache: Sendable {
  /// Bytes of all files together; the longest unused ones are deleted beyond.
  package static let standardCapacity = 256 << 20

  package let folder: URL
  private let capacity: Int

  package init(folder: URL, capacity: Int = standardCapacity) {
    self.folder = folder
    self.capacity = capacity
  }

  /// $XDG_CACHE_HOME/flawless/programs, by default under ~/.cache.
  package static var standard: ProgramCache { ProgramCache(folder: UserFolder.cache("programs")) }

  /// The cache of this machine's user, or nil where it does not pay: NVIDIA's "binaries" are an assembler's text, and it
  /// has a cache of its own; Apple's drivers may refuse them.
  package static func standard(for description: OpenCLDeviceDescription) -> ProgramCache? {
    ["NVIDIA", "Apple"].contains { description.platformName.hasPrefix($0) } ? nil : standard
  }

  /// The binary stored under a key; a file that is not what was written there is deleted.
  package func binary(for key: ProgramKey) -> Data? {
    guard isPrivate, let contents = try? Data(contentsOf: file(key)) else { return nil }
    guard let binary = Self.payload(contents, key) else {
      remove(key)
      return nil
    }
    // Used files are the last to go when room is needed.
    try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: file(key).path)
    return binary
  }

  package func remove(_ key: ProgramKey) { try? FileManager.default.removeItem(at: file(key)) }

  package func store(_ binary: Data, for key: ProgramKey) {
    let manager = FileManager.default
    // A binary is code: nobody else may write here.
    try? manager.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    guard isPrivate else { return }
    let contents = Self.contents(binary, keyText: key.text)
    guard contents.count <= capacity else { return }
    let temporary = folder.appendingPathComponent("\(key.hash).\(UUID().uuidString)")
    do {
      try contents.write(to: temporary)
      guard rename(temporary.path, file(key).path) == 0 else { throw CocoaError(.fileWriteUnknown) }
      makeRoom()
    } catch { try? manager.removeItem(at: temporary) }
  }

  private func file(_ key: ProgramKey) -> URL { folder.appendingPathComponent(key.hash) }

  /// Whether the folder is there, ours, and closed to others' writing.
  private var isPrivate: Bool {
    var status = stat()
    return stat(folder.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
      && status.st_mode & (S_IWGRP | S_IWOTH) == 0
  }

  private func makeRoom() {
    let keys: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey]
    let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))
    let files = (found ?? []).compactMap { url -> (url: URL, date: Date, size: Int)? in
      guard let values = try? url.resourceValues(forKeys: keys), let date = values.contentModificationDate,
        let size = values.fileSize
      else { return nil }
      return (url, date, size)
    }
    var total = files.reduce(0) { $0 + $1.size }
    for file in files.sorted(by: { $0.date < $1.date }) where total > capacity {
      try? FileManager.default.removeItem(at: file.url)
      total -= file.size
    }
  }

  /// A file: lines of text (what it is, the payload's length and hash, the key), then the payload.
  package static func contents(_ binary: Data, keyText: String) -> Data {
    Data("flawless-program\n\(binary.count)\n\(Digest.sha256(binary))\n\(keyText)\n\n".utf8) + binary
  }

  private static func payload(_ contents: Data, _ key: ProgramKey) -> Data? {
    // The file that this payload would make tells about everything else.
    let lines = contents.prefix(256).split(separator: UInt8(ascii: "\n"), maxSplits: 2)
    guard lines.count == 3, let count = Int(String(decoding: lines[1], as: UTF8.self)), count > 0,
      count < contents.count
    else { return nil }
    let binary = Data(contents.suffix(count))
    return contents == Self.contents(binary, keyText: key.text) ? binary : nil
  }
}
