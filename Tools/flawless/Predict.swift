import ArgumentParser
import Datasets
import Detectors
import Experiments
import Devices
import Foundation
import Images
import ToolSupport

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find defects in new pictures: a verdict, a score and a map for each.",
    discussion: """
      Examples:
        flawless predict bottle.model picture.png -o results
        flawless predict bottle.model 'line-3/*.png' -o results --csv results.csv
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @Argument(help: ArgumentHelp("Pictures, folders or quoted patterns.", valueName: "IMAGE|FOLDER|GLOB"))
  var pictures: [String]

  @OptionGroup var common: CommonOptions

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of the maps.", valueName: "DIR"))
  var output: String

  @Option(help: ArgumentHelp("Write the verdicts as CSV.", valueName: "FILE"))
  var csv: String?

  @Option(help: ArgumentHelp("Write the verdicts as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(help: "Call pictures above this score defective (default: the model's threshold).")
  var threshold: Float?

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  func run() throws {
    let named = try PictureFiles.expand(pictures)
    let progress = try common.progress()
    let device = try common.openDevice().device
    let model = try TrainedModel.load(model, weights: weights, on: device)
    guard var limits = model.detector.threshold else {
      throw UsageError("The model has no threshold; give one with --threshold.")
    }
    if let threshold { limits.score = threshold }
    // One scale for the run, from the model alone, so that pictures need not be seen together.
    let scale = HeatScale(low: 0, high: 2 * limits.pixel, threshold: limits)
    var results: [Result] = []
    var failures: [String] = []
    for picture in named {
      do {
        results.append(try inspect(picture, model.detector, limits, scale))
      } catch let error as ImageError {
        // One unreadable picture must not stop a batch; the exit code tells.
        failures.append("\(error)")
        progress.note("\(error)")
      }
      try progress.report("pictures", results.count + failures.count, of: named.count)
    }
    progress.finish()
    try write(results)
    guard failures.isEmpty else { throw ImagesFailed(count: failures.count, of: named.count) }
  }

  private struct Result {
    let path: String
    let score: Float
    let reweightedScore: Float
    let isDefective: Bool
    let overlay: String
    let map: String
  }

  private struct ImagesFailed: Error, CustomStringConvertible {
    let count: Int
    let of: Int
    var description: String { "\(count) of \(of) pictures could not be read; the others are done." }
  }

  private func inspect(
    _ picture: PictureFiles.Named, _ detector: PatchCore, _ threshold: Threshold, _ scale: HeatScale
  ) throws -> Result {
    let image = try Image(path: picture.path)
    let inspection = try detector.inspect(image)
    let map = inspection.map.resized(width: image.width, height: image.height)
    let stem = "\(output)/\(picture.outputStem)"
    do {
      try FileManager.default.createDirectory(
        atPath: (stem as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    } catch { throw ExperimentError.unwritable(path: output, reason: "the folder cannot be made") }
    let overlay = "\(stem)_overlay.png"
    let mapFile = "\(stem)_map.png"
    try scale.overlay(image.rgb, map: map, mask: nil).writePNG(to: URL(fileURLWithPath: overlay), level: 3)
    // 16 bits: 0 is no distance, 32768 the threshold, 65535 twice that and more.
    let samples = map.values.map { UInt16(min(max($0 / threshold.pixel * 32768, 0), 65535)) }
    try DeepImage(width: map.width, height: map.height, samples: samples).writePNG(to: URL(fileURLWithPath: mapFile))
    return Result(
      path: picture.path, score: inspection.score, reweightedScore: inspection.reweightedScore,
      isDefective: inspection.score > threshold.score, overlay: overlay, map: mapFile)
  }

  private func write(_ results: [Result]) throws {
    if let csv {
      let rows = results.map { result in
        [
          csvField(result.path), "\(result.score)", "\(result.reweightedScore)",
          result.isDefective ? "defective" : "good", csvField(result.overlay),
        ].joined(separator: ",")
      }
      let text = (["path,score,score_reweighted,verdict,overlay"] + rows).joined(separator: "\n") + "\n"
      try writeData(Data(text.utf8), to: csv)
    }
    if let json {
      let objects = results.map { result in
        [
          "path": result.path, "score": Double(result.score), "score_reweighted": Double(result.reweightedScore),
          "defective": result.isDefective, "overlay": result.overlay, "map": result.map,
        ] as [String: Any]
      }
      try writeJSON(["pictures": objects], to: json)
    }
    guard json != "-", csv != "-" else { return }
    var table = Table(["picture", "verdict", "score"], leftColumns: 2)
    for result in results {
      table.add([
        result.path, result.isDefective ? "defective" : "good", String(format: "%.4g", Double(result.score)),
      ])
    }
    print(table.text)
    print("maps: \(output)")
  }
}
