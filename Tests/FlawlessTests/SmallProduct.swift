import Foundation
import TestSupport

/// A product of small pictures, a network of random weights, and a model trained with both by the program: enough to see
/// the program work, in a second, on a machine without any download.
struct SmallProduct {
  let folder: URL
  let weights: String
  let model: String
  /// What training said.
  let training: ProgramRun.Outcome

  var root: String { folder.path }
  /// Made once a process; removed at its end.
  static let shared = Result { try SmallProduct() }

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-product-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    Self.removeAtExit(folder.path)
    weights = folder.appendingPathComponent("random.safetensors").path
    try RandomNetwork.encoded().write(to: URL(fileURLWithPath: weights))
    try SmallPictures.write(to: folder.path)
    model = folder.appendingPathComponent("plate.model").path
    training = try flawless(
      "train", "--data", folder.path, "--category", SmallPictures.category, "--weights", weights, "--size", "64",
      "--device",
      "cpu", "-o", model, "--json", folder.appendingPathComponent("train.json").path, "--log",
      folder.appendingPathComponent("train.jsonl").path)
  }

  static func removeAtExit(_ path: String) {
    doomed.append(path)
    if doomed.count == 1 {
      atexit { for path in SmallProduct.doomed { try? FileManager.default.removeItem(atPath: path) } }
    }
  }
  nonisolated(unsafe) private static var doomed: [String] = []
}
