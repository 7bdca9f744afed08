import Detectors
import Experiments
import Foundation
import Images
import ToolSupport

/// Inspects pictures with one model and writes what was found beside each other.
struct Inspector {
  let threshold: Threshold
  private let detector: PatchCore
  private let output: String
  /// One scale for the run, from the model alone, so that pictures need not be seen together.
  private let scale: HeatScale

  /// - threshold: a score that replaces the model's own
  init(_ model: TrainedModel, threshold score: Float?, output: String) throws {
    guard var threshold = model.detector.threshold else {
      throw Failure("The model has no threshold; train it again.")
    }
    if let score {
      threshold.score = score
      threshold.origin = "given with --threshold"
      threshold.lowConfidence = false
    }
    self.threshold = threshold
    self.output = output
    detector = model.detector
    scale = HeatScale(low: 0, high: 2 * threshold.pixel, threshold: threshold)
  }

  /// The verdict, with its overlay and map on disk; a failure when the picture cannot be read, which is no reason to
  /// leave the others.
  ///
  /// - Throws: anything else: a device that fails, a full disk.
  func inspect(_ picture: NamedPicture) throws -> Swift.Result<Verdict, ImageError> {
    let image: Image
    do { image = try Image(path: picture.path) } catch { return .failure(error) }
    let inspection = try detector.inspect(image)
    let map = inspection.map.resized(width: image.width, height: image.height)
    let stem = "\(output)/\(picture.outputStem)"
    do {
      try FileManager.default.createDirectory(
        atPath: OutputFile.parent(of: stem), withIntermediateDirectories: true)
    } catch { throw ExperimentError.unwritable(path: output, reason: "the folder cannot be made") }
    let overlay = "\(stem)_overlay.png"
    let mapFile = "\(stem)_map.png"
    try scale.overlay(image.rgb, map: map, mask: nil).writePNG(to: URL(fileURLWithPath: overlay), level: 3)
    // 16 bits: 0 is no distance, 32768 the threshold, 65535 twice that and more.
    let samples = map.values.map { UInt16(min(max($0 / threshold.pixel * 32768, 0), 65535)) }
    try DeepImage(width: map.width, height: map.height, samples: samples).writePNG(to: URL(fileURLWithPath: mapFile))
    return .success(
      Verdict(
        path: picture.path, score: inspection.score, reweightedScore: inspection.reweightedScore,
        isDefective: inspection.score > threshold.score, overlay: overlay, map: mapFile))
  }
}

/// What is said of one picture.
struct Verdict {
  let path: String
  let score: Float
  let reweightedScore: Float
  let isDefective: Bool
  let overlay: String
  let map: String

  private var word: String { isDefective ? "defective" : "good" }

  /// For people: verdict, score, picture.
  var line: String {
    let score = String(format: "%9.4g", Double(score))
    return "\(word.padding(toLength: 9, withPad: " ", startingAt: 0))  \(score)  \(path)"
  }

  static let csvHeader = "path,score,score_reweighted,verdict,overlay,map\n"

  var csv: String {
    [csvField(path), "\(score)", "\(reweightedScore)", word, csvField(overlay), csvField(map)]
      .joined(separator: ",") + "\n"
  }

  var object: [String: Any] {
    [
      "path": path, "score": Double(score), "score_reweighted": Double(reweightedScore), "defective": isDefective,
      "overlay": overlay, "map": map,
    ]
  }
}
