import ArgumentParser
import Datasets
import Detectors
import Devices
import Foundation
import Images
import ToolSupport

struct Predict: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find defects in new pictures: a verdict, and where.",
    discussion: """
      For each picture two files are written into DIR: NAME_overlay.png shows the picture under its map, with a white \
      line around what lies above the threshold; NAME_map holds the map itself at the picture's size, by default as \
      16-bit PNG, where 32768 is the threshold. A picture that cannot be read is named, the others are done, and the \
      exit code is 1.

      CSV and JSON lines are written row by row while pictures are done, so a killed run leaves its rows; --json is one \
      object, which appears at the end. Memory does not grow with the number of pictures. With --resume, pictures whose \
      files of an earlier run are in DIR, newer than the picture, are passed over, and rows are appended.

      With --watch the folders are looked at until Ctrl-C, and each new or changed picture is done once it is completely \
      written. The latency, from then until the verdict is written, is reported now and then, for pictures that came \
      after the start.

      Examples:
        flawless predict bottle.model picture.png -o results
        flawless predict bottle.model 'line-3/*.png' -o results --csv results.csv
        flawless predict bottle.model line-3 --maps none --no-overlays --jsonl -
        flawless predict bottle.model camera -o results --watch --resume \\
          --csv today.csv
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @Argument(help: ArgumentHelp("Pictures, folders or quoted patterns.", valueName: "IMAGE|FOLDER|GLOB"))
  var pictures: [String]

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of the overlays and maps.", valueName: "DIR"))
  var output: String?

  @Option(help: "Write maps as png16, as 32-bit floats (tiff, npy), or not at all (none).")
  var maps = MapFormat.png16

  @Flag(inversion: .prefixedNo, help: "Write overlays.")
  var overlays = true

  @Option(
    help: ArgumentHelp("Write the verdicts as CSV; '-' is standard output. With --watch, append.", valueName: "FILE"))
  var csv: String?

  @Option(
    name: .customLong("jsonl"),
    help: ArgumentHelp(
      "Write the verdicts as JSON, an object a line; '-' is standard output. With --watch, append.",
      valueName: "FILE"))
  var jsonLines: String?

  @Option(help: ArgumentHelp("Write the verdicts as one JSON object; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Flag(help: "Go on looking at the folders for new pictures, until Ctrl-C.")
  var watch = false

  @Flag(help: "Pass over pictures whose results are there already.")
  var resume = false

  @Option(help: ArgumentHelp("With --watch, report the latency after so many new pictures.", valueName: "COUNT"))
  var reportEvery = 100

  @OptionGroup(title: "Threshold") var thresholds: ThresholdOptions

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  private var writesFiles: Bool { overlays || maps != .none }
  private var streams: [String?] { [csv, jsonLines, json] }
  /// Whether standard output is for people.
  var isTextWanted: Bool { !streams.contains("-") }

  func validate() throws {
    if watch, json != nil { throw ValidationError("--json cannot be used with --watch; use --jsonl, --csv or --log.") }
    if resume, json != nil { throw ValidationError("--json cannot be used with --resume; use --jsonl or --csv.") }
    guard streams.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("Only one of --csv, --jsonl and --json can be '-'.")
    }
    if writesFiles, output == nil {
      throw ValidationError("-o names the folder of overlays and maps; without it use --maps none --no-overlays.")
    }
    if resume, !writesFiles {
      throw ValidationError("--resume looks for overlays or maps, and none are written.")
    }
    if reportEvery < 1 { throw ValidationError("--report-every must be at least 1.") }
  }

  func run() throws {
    let found = watch ? [] : try NamedPictures.find(pictures, outside: output)
    if watch { try FolderWatch.check(pictures) }
    for stream in streams { try OutputFile.check(stream) }
    if writesFiles, let output { try OutputFile.checkFolder(output) }
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    let detector = try TrainedModel.load(model, weights: weights, on: device).detector
    let threshold = try thresholds.apply(to: detector.threshold)
    try progress.note(threshold.line)
    let inspector = Inspector(
      detector, threshold: threshold,
      outputs: Inspector.Outputs(folder: output, overlays: overlays, maps: maps))
    let files = try VerdictFiles(
      csv: csv, jsonLines: jsonLines, json: json, appending: watch || resume,
      head: [
        "model": model, "device": device.description, "threshold": Double(threshold.score),
        "threshold_pixel": Double(threshold.pixel), "threshold_origin": threshold.origin,
        "minimum_area": threshold.minimumArea?.description ?? NSNull(), "low_confidence": threshold.lowConfidence,
      ])
    if watch {
      try watchFolders(inspector, files, progress)
    } else {
      try inspectAll(found, inspector, files, progress)
    }
    DeviceChoice.keepKernels(of: device)
  }

  private func inspectAll(
    _ found: [NamedPicture], _ inspector: Inspector, _ files: VerdictFiles, _ progress: ProgressReporter
  ) throws {
    let left = resume ? found.filter { !inspector.isDone($0) } : found
    if left.count < found.count { try progress.note("\(found.count - left.count) pictures are done already") }
    progress.begin()
    // The next pictures are decoded while the device computes.
    let images = Prefetch(count: left.count) { try Image(path: left[$0].path) }
    for (picture, image) in zip(left, images) {
      switch image {
      case .success(let image):
        let verdict = try inspector.inspect(picture, image)
        try files.add(verdict)
        if isTextWanted {
          progress.clear()
          try Output.line(verdict.line)
        }
      case .failure(let error):
        guard error is ImageError else { throw error }
        try files.add(failure: picture.path, "\(error)")
        try progress.note("\(error)", always: true)
      }
      try progress.report("pictures", files.done + files.failed, of: left.count)
    }
    progress.clear()
    try files.finish()
    if isTextWanted {
      let written = writesFiles ? "; overlays and maps: \(output ?? "")" : ""
      try Output.line("\(files.defective) of \(files.done) defective\(written)")
    }
    guard files.failed == 0 else {
      throw Failure("\(files.failed) of \(left.count) pictures could not be read; the others are done.")
    }
  }
}
