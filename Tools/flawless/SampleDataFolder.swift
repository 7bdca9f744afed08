import Checkpoints
import Foundation
import SampleData
import ToolSupport

/// A sample data set on disk with a list of what it is made of, so that the same one need not be made twice and another
/// one is never taken for it.
struct SampleDataFolder {
  let path: String
  let seed: UInt64

  private static let listFile = "sample-data.json"

  /// What a folder of sample data says of itself.
  private struct Contents: Codable {
    var seed: UInt64
    /// The program that drew the pictures.
    var build: String
    /// SHA-256 of every file, by its path in the folder.
    var files: [String: String]
  }

  /// Makes the data set, unless this very build has made it with this seed and every file is still what it was.
  ///
  /// - Returns: whether anything was made.
  /// - Throws: ``Failure`` when the folder holds something else, which is left alone.
  func make(_ progress: ProgressReporter) throws -> Bool {
    if try isComplete() { return false }
    try checkReplaceable()
    try AtomicWriting.writeFolder(at: URL(fileURLWithPath: path)) { folder in
      // In a folder below ours, where also what it leaves when it is killed goes away with ours.
      let pictures = folder.appendingPathComponent("pictures")
      try SampleDataset(seed: seed).write(to: pictures) { try progress.report("sample pictures", $0, of: $1) }
      for name in try FileManager.default.contentsOfDirectory(atPath: pictures.path) {
        try FileManager.default.moveItem(
          at: pictures.appendingPathComponent(name), to: folder.appendingPathComponent(name))
      }
      try FileManager.default.removeItem(at: pictures)
      try Interruption.check()
      let contents = Contents(seed: seed, build: try Version.build(), files: try Self.hashes(in: folder.path))
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      try encoder.encode(contents).write(to: folder.appendingPathComponent(Self.listFile))
    }
    return true
  }

  private func contents() -> Contents? {
    FileManager.default.contents(atPath: "\(path)/\(Self.listFile)")
      .flatMap { try? JSONDecoder().decode(Contents.self, from: $0) }
  }

  private func isComplete() throws -> Bool {
    guard let contents = contents(), contents.seed == seed, contents.build == (try Version.build()) else {
      return false
    }
    return try Self.hashes(in: path) == contents.files
  }

  /// Only sample data is overwritten: a mistyped path must not cost anybody a folder.
  private func checkReplaceable() throws {
    guard FileManager.default.fileExists(atPath: path), contents() == nil else { return }
    let names = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let names, names.isEmpty else {
      throw Failure("\(path) is there already and was not made by Flawless; choose another folder with -o.")
    }
  }

  private static func hashes(in folder: String) throws -> [String: String] {
    var hashes: [String: String] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() where name != listFile {
      if !NamedPictures.isFolder("\(folder)/\(name)") { hashes[name] = try SHA256.hash(fileAt: "\(folder)/\(name)") }
    }
    return hashes
  }
}
