import ArgumentParser
import Datasets
import Detectors
import Devices
import Foundation
import ToolSupport

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find defects in new pictures: a verdict, and where.",
    discussion: """
      For each picture two files are written into DIR: NAME_overlay.png shows the picture under its map, with a white \
      line around what lies above the threshold; NAME_map.png is the map itself in 16 bits, where 32768 is the \
      threshold. A picture that cannot be read is named, the others are done, and the exit code is 1. With --watch \
      the folders are looked at until Ctrl-C, and each new or changed picture is done once it is completely written.

      Examples:
        flawless predict bottle.model picture.png -o results
        flawless predict bottle.model 'line-3/*.png' -o results --csv results.csv
        flawless predict bottle.model camera -o results --watch --csv today.csv
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @Argument(help: ArgumentHelp("Pictures, folders or quoted patterns.", valueName: "IMAGE|FOLDER|GLOB"))
  var pictures: [String]

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of the overlays and maps.", valueName: "DIR"))
  var output: String

  @Option(
    help: ArgumentHelp("Write the verdicts as CSV; '-' is standard output. With --watch, append.", valueName: "FILE"))
  var csv: String?

  @Option(help: ArgumentHelp("Write the verdicts as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Flag(help: "Go on looking at the folders for new pictures, until Ctrl-C.")
  var watch = false

  @Option(
    help: ArgumentHelp(
      "Call pictures above this score defective (default: the model's threshold).", valueName: "SCORE"))
  var threshold: Float?

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  func validate() throws {
    if watch, json != nil { throw ValidationError("--json cannot be used with --watch; use --csv or --log.") }
    guard json != "-" || csv != "-" else { throw ValidationError("Only one of --json and --csv can be '-'.") }
    if let threshold, !threshold.isFinite { throw ValidationError("--threshold must be a number.") }
  }

  func run() throws {
    let found = watch ? [] : try NamedPictures.find(pictures, outside: output)
    if watch { try FolderWatch.check(pictures) }
    try OutputFile.check(csv)
    try OutputFile.check(json)
    try OutputFile.checkFolder(output)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    let inspector = try Inspector(
      TrainedModel.load(model, weights: weights, on: device), threshold: threshold, output: output)
    if watch {
      try watchFolders(inspector, progress)
    } else {
      try inspectAll(found, inspector, progress, device.description)
    }
    DeviceChoice.keepKernels(of: device)
  }

  private func inspectAll(
    _ found: [NamedPicture], _ inspector: Inspector, _ progress: ProgressReporter, _ device: String
  ) throws {
    var verdicts: [Verdict] = []
    var failures: [(path: String, reason: String)] = []
    let toScreen = json != "-" && csv != "-"
    progress.begin()
    for picture in found {
      switch try inspector.inspect(picture) {
      case .success(let verdict):
        verdicts.append(verdict)
        if toScreen {
          progress.clear()
          try Output.line(verdict.line)
        }
      case .failure(let error):
        failures.append((picture.path, "\(error)"))
        try progress.note("\(error)", always: true)
      }
      try progress.report("pictures", verdicts.count + failures.count, of: found.count)
    }
    progress.clear()
    if let csv { try OutputFile.write(Data(([Verdict.csvHeader] + verdicts.map(\.csv)).joined().utf8), to: csv) }
    if let json {
      try OutputFile.writeJSON(
        [
          "model": model, "device": device, "threshold": Double(inspector.threshold.score),
          "threshold_origin": inspector.threshold.origin, "low_confidence": inspector.threshold.lowConfidence,
          "pictures": verdicts.map(\.object), "failed": failures.map { ["path": $0.path, "reason": $0.reason] },
        ], to: json)
    }
    if toScreen {
      let defective = verdicts.count(where: \.isDefective)
      try Output.line("\(defective) of \(verdicts.count) defective; overlays and maps: \(output)")
    }
    guard failures.isEmpty else {
      throw Failure("\(failures.count) of \(found.count) pictures could not be read; the others are done.")
    }
  }

  private func watchFolders(_ inspector: Inspector, _ progress: ProgressReporter) throws {
    if let csv, csv != "-", (try? FileManager.default.attributesOfItem(atPath: csv)[.size] as? Int) ?? 0 == 0 {
      try OutputFile.append(Data(Verdict.csvHeader.utf8), to: csv)
    } else if csv == "-" {
      try Output.write(Data(Verdict.csvHeader.utf8))
    }
    try progress.note("watching \(pictures.joined(separator: ", ")); Ctrl-C ends it")
    var watch = FolderWatch(pictures, outside: output)
    var done = 0
    do {
      while true {
        for picture in watch.settled() {
          switch try inspector.inspect(picture) {
          case .success(let verdict):
            watch.finish(picture)
            done += 1
            if csv != "-" { try Output.line(verdict.line) }
            if let csv { try OutputFile.append(Data(verdict.csv.utf8), to: csv) }
          case .failure(let error):
            // Perhaps it is still being written, by a program that pauses: it gets some time.
            if watch.giveUp(on: picture) { try progress.note("\(error)", always: true) }
          }
          try Interruption.check()
        }
        try Interruption.wait(milliseconds: FolderWatch.pause)
      }
    } catch is Interruption.Interrupted {
      throw Interruption.Interrupted("Watching ended after \(done) picture\(done == 1 ? "" : "s").")
    }
  }
}
