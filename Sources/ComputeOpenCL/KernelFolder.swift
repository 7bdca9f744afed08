package import Compute
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

  /// The kernels' texts by the names of their files, without ".cl": those of a folder, or the ones that devices take.
  ///
  /// - Throws: ``DeviceError/build(file:options:log:)`` when the folder lacks a file.
  package static func texts(in folder: String?) throws(DeviceError) -> [String: String] {
    let sources = folder.map { KernelSources(folder: $0) } ?? .standard
    var texts: [String: String] = [:]
    for name in KernelSources.names { texts[name] = try sources.text(name) }
    return texts
  }
}
