import ArgumentParser
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import ToolSupport

/// Looks at a model's threshold and moves it, without training.
struct ThresholdCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "threshold",
    abstract: "Show or move a model's threshold, without training.",
    discussion: """
      A threshold is found in training, from good pictures that were held out, at a false-alarm rate; 'rate' finds it \
      again at another one. 'f1' takes labelled pictures instead, and 'set' a number. Where a threshold comes from is \
      stored with it and shown wherever it is used. Only model.json is written anew, whole or not at all.

      Examples:
        flawless threshold bottle.model
        flawless threshold rate bottle.model 0.005
        flawless threshold f1 bottle.model --data mvtec --category bottle
        flawless threshold set bottle.model --threshold 3.2 --minimum-area 30
      """,
    subcommands: [Show.self, Rate.self, F1.self, Set.self], defaultSubcommand: Show.self)

  /// What all subcommands print.
  struct Report: ParsableArguments {
    @Option(help: ArgumentHelp("Write the threshold as JSON; '-' is standard output.", valueName: "FILE"))
    var json: String?

    func print(_ threshold: Threshold?) throws {
      if let json {
        let object: [String: Any] = [
          "threshold": threshold.map { Double($0.score) as Any } ?? NSNull(),
          "threshold_pixel": threshold.map { Double($0.pixel) as Any } ?? NSNull(),
          "threshold_origin": threshold.map { $0.origin as Any } ?? NSNull(),
          "false_alarm_rate": threshold?.falseAlarmRate ?? NSNull(),
          "minimum_area": threshold?.minimumArea?.description ?? NSNull(),
          "held_out": threshold.map { $0.heldOut as Any } ?? NSNull(),
          "low_confidence": threshold.map { $0.lowConfidence as Any } ?? NSNull(),
        ]
        try OutputFile.writeJSON(object, to: json)
      }
      if json != "-" { try Output.line(threshold?.line ?? "no threshold") }
    }

    /// Stores the threshold with the model and prints it.
    func store(_ threshold: Threshold, in description: ModelDescription, at path: String) throws {
      try OutputFile.check(json)
      var description = description
      description.threshold = threshold
      try TrainedModel.replaceDescription(path, by: description)
      try print(threshold)
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the threshold, and where it comes from.",
      discussion: """
        Examples:
          flawless threshold bottle.model
          flawless threshold show bottle.model --json -
        """)

    @Argument(help: "The model's folder.") var model: String
    @OptionGroup var report: Report

    func run() throws { try report.print(TrainedModel.readDescription(model).threshold) }
  }

  struct Rate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find the threshold again at another false-alarm rate.",
      discussion: """
        The scores of the good pictures that were held out in training are stored with the model.

        Example:
          flawless threshold rate bottle.model 0.005
        """)

    @Argument(help: "The model's folder.") var model: String
    @Argument(help: "Part of the good pictures that may be called defective.") var falseAlarmRate: Double
    @OptionGroup var report: Report

    func run() throws {
      let description = try TrainedModel.readDescription(model)
      guard let heldOut = description.heldOut else {
        throw DetectorError.model(
          path: model, reason: "an older program has not kept the scores that a rate needs; train it again")
      }
      let threshold = try heldOut.threshold(
        falseAlarmRate: falseAlarmRate, minimumArea: description.threshold?.minimumArea)
      try report.store(threshold, in: description, at: model)
    }
  }

  struct F1: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the threshold of the best F1 on labelled pictures.",
      discussion: """
        The test pictures of a data set are scored, good and defective ones. Metrics of verdicts on the same pictures are \
        too good afterwards: evaluate on others. The threshold within maps stays, and so does a minimum area, which F1 \
        does not know.

        Example:
          flawless threshold f1 bottle.model --data mvtec --category bottle
        """)

    @Argument(help: "The model's folder.") var model: String
    @OptionGroup(title: "Pictures") var dataset: DatasetOptions
    @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
    var weights: String?
    @OptionGroup var report: Report
    @OptionGroup(title: "Run") var common: CommonOptions

    func run() throws {
      let category = try dataset.load()
      let progress = try common.progress()
      let device = try common.openDevice(progress)
      try dataset.announce(category, progress)
      let trained = try TrainedModel.load(model, weights: weights, on: device)
      guard var threshold = trained.description.threshold else {
        throw DetectorError.model(path: model, reason: "it has no threshold; train it again")
      }
      progress.begin()
      let best = try BestF1(trained.detector, category) { try progress.report("test pictures", $0, of: $1) }
      try Interruption.check()
      progress.clear()
      threshold.score = best.threshold
      threshold.origin =
        "the best F1, \(String(format: "%.4f", best.f1)), on \(best.good) good and \(best.defective) defective test pictures "
        + "of \(category.name) in \(category.root)"
      threshold.falseAlarmRate = nil
      threshold.heldOut = 0
      threshold.lowConfidence = false
      try report.store(threshold, in: trained.description, at: model)
      DeviceChoice.keepKernels(of: device)
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Set the threshold, or parts of it, to given values.",
      discussion: """
        Examples:
          flawless threshold set bottle.model --threshold 3.2
          flawless threshold set bottle.model --minimum-area 0.05%
        """)

    @Argument(help: "The model's folder.") var model: String
    @OptionGroup var thresholds: ThresholdOptions
    @OptionGroup var report: Report

    func validate() throws {
      if thresholds.threshold == nil, thresholds.pixelThreshold == nil, thresholds.minimumArea == nil {
        throw ValidationError("Name what to set: --threshold, --pixel-threshold or --minimum-area.")
      }
    }

    func run() throws {
      let description = try TrainedModel.readDescription(model)
      try report.store(thresholds.apply(to: description.threshold), in: description, at: model)
    }
  }
}
