public import Foundation

/// The embedded kernels as files, for tools that change them.
public enum KernelFolder {
  /// Writes every file of `Kernels/` into a folder, which is made.
  public static func write(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (name, text) in KernelSources.embedded {
      try text.write(to: folder.appendingPathComponent("\(name).cl"), atomically: true, encoding: .utf8)
    }
  }
}
