import ArgumentParser
import Backbones
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import ToolSupport

/// Adding pictures to a model that is there.
struct ExtensionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Add the pictures to this model instead of starting anew; without -o it is replaced.", valueName: "MODEL"))
  var extend: String?
}

extension Train {
  /// What a model is made with cannot be changed by adding pictures.
  ///
  /// - Throws: ``UsageError`` naming the option. One that has its usual value counts as not given.
  private func checkOptions(against stored: PatchCoreConfiguration) throws {
    let (asked, usual) = (options.patchCore, PatchCoreConfiguration())
    func check<Value: Equatable>(_ name: String, _ path: KeyPath<PatchCoreConfiguration, Value>) throws {
      guard asked[keyPath: path] != usual[keyPath: path], asked[keyPath: path] != stored[keyPath: path] else { return }
      throw UsageError("\(name) is \(stored[keyPath: path]) in the model, and stays that with --extend.")
    }
    try check("--backbone", \.backbone)
    try check("--size", \.size)
    try check("--coreset", \.coresetRatio)
    try check("--coreset-minimum", \.coresetMinimum)
    try check("--false-alarm-rate", \.falseAlarmRate)
    if regions.ignoreMask != nil || regions.region != nil {
      throw UsageError("--ignore-mask and --region are stored with the model, and cannot be given with --extend.")
    }
  }

  /// Adds the pictures to a model and writes it to `-o`, or in its own place. There is no split.json then, which tells of
  /// one category: model.json lists the pictures of all times.
  func extend(
    _ path: String, by paths: [String], _ category: Datasets.Category, _ progress: ProgressReporter
  ) throws {
    if let stored = try TrainedModel.readDescription(path).configuration as? PatchCoreConfiguration {
      try checkOptions(against: stored)
    }
    let device = try common.openDevice(progress)
    try pictures.dataset.announce(category, progress)
    let old = try TrainedModel.load(path, weights: options.weights, on: device)
    let addition = try Extension(old, files: paths, programVersion: Version.text)
    for (path, other) in addition.known {
      try progress.note("passed over \(path): the model holds it already\(path == other ? "" : ", as \(other)")")
    }
    if let before = old.description.threshold, before.falseAlarmRate == nil {
      try progress.note("the threshold from \(before.origin) gives way to one at a false-alarm rate", always: true)
    }
    progress.begin()
    var outcome = try addition.run { try progress.report($0.name, $1, of: $2, $0.detail) }
    try Interruption.check()
    if let area = regions.minimumArea { outcome = outcome.with(minimumArea: area.area) }
    try outcome.model.save(to: target)
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.writeJSON(summary(outcome, category), to: json) }
    if json != "-" {
      let added = addition.files.count
      try Output.line("added \(added) picture\(added == 1 ? "" : "s"); \(Self.sentence(outcome))\nmodel: \(target)")
    }
  }
}
