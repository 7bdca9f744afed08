public import Foundation
import Checkpoints
package import Networks

/// A folder where a training that takes long keeps its checkpoints, log and curve, so that it can go on after it was stopped.
public struct TrainingWorkspace: Sendable {
  public let folder: URL
  /// Whether an earlier training of the same is there, to go on with.
  public let resumes: Bool
  /// Steps between checkpoints, and minutes; nil for none.
  public var checkpointSteps: Int?
  public var checkpointMinutes: Double?

  private static let purposeFile = "training.json"
  /// The files of the model's own training, beside those of others that its threshold needs.
  package static let modelName = "model"

  /// Takes a folder for a training, or goes on in it. What another training left there is removed.
  ///
  /// - purpose: everything that decides what the training comes to; stored in the folder
  /// - resuming: whether to go on with what is there, where there is something
  /// - Throws: ``DetectorError/workspace(path:reason:)`` when what is to go on is another training, or when the folder is something
  ///   else.
  public init(_ folder: URL, purpose: Data, resuming: Bool) throws {
    self.folder = folder
    let file = folder.appendingPathComponent(Self.purposeFile)
    let found = try? Data(contentsOf: file)
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    guard found != nil || contents.isEmpty else {
      throw DetectorError.workspace(path: folder.path, reason: "something else is there; move it away")
    }
    if resuming, let found {
      guard found == purpose else {
        throw DetectorError.workspace(
          path: folder.path,
          reason:
            "the training there is of other pictures or settings; give the same ones, or start anew without --resume")
      }
      resumes = true
      return
    }
    resumes = false
    do {
      if found != nil { try FileManager.default.removeItem(at: folder) }
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch { throw DetectorError.workspace(path: folder.path, reason: "it cannot be written") }
    try AtomicWriting.write(purpose, to: file)
  }

  /// Whether a training that has not ended is in a folder.
  public static func isUnfinished(_ folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(purposeFile).path)
  }

  /// Where one of the trainings keeps its files.
  package func settings(named name: String) -> LoopSettings {
    func file(_ ending: String) -> URL { folder.appendingPathComponent("\(name).\(ending)") }
    return LoopSettings(
      checkpoint: file("safetensors"), checkpointSteps: checkpointSteps, checkpointMinutes: checkpointMinutes,
      log: file("jsonl"), curve: file("svg"))
  }

  /// What is kept with the model: the log of its training, and the loss's curve.
  public var results: [String: Data] {
    let kept = ["training.jsonl": "\(Self.modelName).jsonl", "loss.svg": "\(Self.modelName).svg"]
    return kept.compactMapValues { try? Data(contentsOf: folder.appendingPathComponent($0)) }
  }

  /// Takes the folder away where no step has been kept in it: for trainings that fail before.
  public func removeIfUnused() {
    let contents = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    if contents == [Self.purposeFile] { remove() }
  }

  /// To be called when the model is on disk.
  public func remove() { try? FileManager.default.removeItem(at: folder) }
}
