import Foundation
import TestSupport
import Testing

/// A folder of the test's own with these files, removed when the body is done.
func withFiles(_ names: [String], _ body: (_ root: String) throws -> Void) throws {
  try withTemporaryFolder { folder in
    for name in names {
      let url = folder.appendingPathComponent(name)
      // A trailing slash makes an empty folder.
      let directory = name.hasSuffix("/") ? url : url.deletingLastPathComponent()
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      if !name.hasSuffix("/") { try Data("not read".utf8).write(to: url) }
    }
    return try body(folder.path)
  }
}

/// Paths without what lies above the folder.
func relative(_ paths: [String], to root: String) -> [String] {
  paths.map { $0.hasPrefix(root + "/") ? String($0.dropFirst(root.count + 1)) : $0 }
}
