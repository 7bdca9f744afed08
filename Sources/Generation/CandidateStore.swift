import Checkpoints
import Foundation
import Generator
import Images
import Integrator

/// Candidates that were made so far, beside the folder that they will lie in: a run that was stopped goes on with them.
struct CandidateStore {
  let folder: URL
  private var lines: [CandidateKey: Line] = [:]
  private var order: [CandidateKey] = []

  private static let purposeFile = "run.json"
  private static let listFile = "candidates.jsonl"

  struct Line: Codable {
    let file: String
    let sha256: String
    let scored: ScoredCandidate
  }

  /// - purpose: everything that decides what candidates are
  /// - resuming: whether to go on with what is there, where there is something
  /// - Throws: `GeneratorError` when what is there is of another run.
  init(_ folder: URL, purpose: Data, resuming: Bool) throws {
    self.folder = folder
    let file = folder.appendingPathComponent(Self.purposeFile)
    let found = try? Data(contentsOf: file)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard found != nil || contents.isEmpty else {
      throw GeneratorError.folder(path: folder.path, reason: "something else is there; move it away")
    }
    if resuming, let found {
      guard found == purpose else {
        throw GeneratorError.folder(
          path: folder.path, reason: "the run there is of other pictures or settings; give the same ones, or start anew"
        )
      }
      try readLines()
      return
    }
    if found != nil { try FileManager.default.removeItem(at: folder) }
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw GeneratorError.folder(path: folder.path, reason: "it cannot be written")
    }
    try AtomicWriting.write(purpose, to: file)
  }

  /// Whether a run that has not ended is in a folder.
  static func isUnfinished(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(purposeFile).path)
  }

  /// A last line that was cut off, or one whose picture is gone or changed, counts as not made.
  private mutating func readLines() throws {
    let list = folder.appendingPathComponent(Self.listFile)
    guard let data = try? Data(contentsOf: list) else { return }
    let decoder = JSONDecoder()
    var whole = Data()
    for part in data.split(separator: UInt8(ascii: "\n")) {
      guard let line = try? decoder.decode(Line.self, from: part),
        (try? SHA256.hash(fileAt: folder.appendingPathComponent(line.file).path)) == line.sha256
      else { continue }
      keep(line)
      whole += part + [UInt8(ascii: "\n")]
    }
    try AtomicWriting.write(whole, to: list)
  }

  private mutating func keep(_ line: Line) {
    let key = line.scored.candidate.key
    if lines.updateValue(line, forKey: key) == nil { order.append(key) }
  }

  func known(_ key: CandidateKey) -> ScoredCandidate? { lines[key]?.scored }

  subscript(key: CandidateKey) -> Line? { lines[key] }

  mutating func add(_ scored: ScoredCandidate, _ image: Image) throws {
    let key = scored.candidate.key
    let name = String(format: "%d-%06d.png", key.round, key.index)
    let data = try image.pngData()
    try AtomicWriting.write(data, to: folder.appendingPathComponent(name))
    let line = Line(file: name, sha256: SHA256.hash(data), scored: scored)
    let list = folder.appendingPathComponent(Self.listFile)
    if !FileManager.default.fileExists(atPath: list.path) { try Data().write(to: list) }
    let handle = try FileHandle(forWritingTo: list)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: JSONEncoder().encode(line) + [UInt8(ascii: "\n")])
    keep(line)
  }

  /// To be called when the results are on disk.
  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Takes the folder away where no candidate has been kept in it.
  func removeIfUnused() { if order.isEmpty { remove() } }
}
