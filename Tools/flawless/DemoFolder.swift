import Datasets
import Detectors
import Experiments
import Foundation
import Checkpoints
import ToolSupport

/// The demo's folder, and what it was made with: a run uses what an equal one left, and never mixes the results of
/// different seeds, devices, weights or builds.
struct DemoFolder {
  let path: String
  let seed: UInt64
  let device: String
  let weightsSHA256: String

  var data: String { "\(path)/data" }
  var metrics: String { "\(path)/metrics.json" }
  func model(_ category: String) -> String { "\(path)/models/\(category)" }

  private var report: String { "\(path)/\(Report.file)" }
  private var record: String { "\(path)/demo.json" }

  /// What decides every bit of the results.
  private struct Origin: Codable, Equatable {
    var seed: UInt64
    var build: String
    var device: String
    var weightsSHA256: String
  }

  /// Says what this folder is made with from now on; results of anything else are removed first.
  ///
  /// - Returns: whether models that are there were made with the same.
  /// - Throws: ``Failure`` when the folder holds something that is no demo's.
  func claim() throws -> Bool {
    let origin = Origin(seed: seed, build: try Version.build(), device: device, weightsSHA256: weightsSHA256)
    let found = FileManager.default.contents(atPath: record)
    if let found, (try? JSONDecoder().decode(Origin.self, from: found)) == origin { return true }
    if found == nil { try checkFree() }
    for stale in [metrics, report, "\(path)/models"] where FileManager.default.fileExists(atPath: stale) {
      try FileManager.default.removeItem(atPath: stale)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try OutputFile.write(encoder.encode(origin), to: record)
    return false
  }

  /// Other people's files under our names are not removed.
  private func checkFree() throws {
    for name in [metrics, report, "\(path)/models"] where FileManager.default.fileExists(atPath: name) {
      throw Failure("\(name) is there already and was not made by the demo; choose another folder with -o.")
    }
  }

  /// Whether the model at `path` is what this training would give.
  static func holds(_ path: String, _ training: Training) throws -> Bool {
    guard let description = try? TrainedModel.readDescription(path) else { return false }
    let files = try training.files.map { try SHA256.hash(fileAt: $0) }
    return description.configuration.equals(training.configuration) && description.seed == training.seed
      && description.trainingFiles.map(\.sha256) == files
      && description.generatedFiles.map(\.sha256) == training.generated.map(\.sha256)
  }
}
