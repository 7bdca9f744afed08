import ArgumentParser
import Compute
import Datasets
import Devices
import Experiments
import Foundation
import Generation
import Generator
import ToolSupport

/// Both at once: `flawless generate` without a subcommand.
struct GenerateRun: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Train a generator, draw pictures with it, and keep those that fit (default).",
    discussion: """
      'generate train' and 'generate sample' in one; the generator stays beside the results, in DIR.generator.

      Examples:
        flawless generate --data mvtec --category metal_nut --shots 4 \\
          --count 40 -o nut-generated
        flawless generate --normal photos/good --keyword "metal nut" -o nut-generated
      """)

  @OptionGroup(title: "Pictures") var pictures: TrainingPictures
  @OptionGroup(title: "Generator") var generator: GeneratorOptions
  @OptionGroup(title: "Long trainings") var cadence: CheckpointCadence
  @OptionGroup var options: GenerationOptions

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of results.", valueName: "DIR"))
  var output: String

  @Option(help: ArgumentHelp("Write what was generated as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  private var target: String { (output.hasSuffix("/") ? String(output.dropLast()) : output) + ".generator" }

  func run() throws {
    let category = try pictures.dataset.load()
    let files = try category.shots(pictures.shots, draw: pictures.draw)
    try OutputFile.check(json)
    try OutputFile.checkFolder(OutputFile.parent(of: output))
    try GenerationManifest.checkReplaceable(output)
    try GeneratorModel.checkReplaceable(target)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    try pictures.dataset.announce(category, progress)
    if !(options.resume && GeneratorModel.isThere(target)) {
      var course = GeneratorTraining(
        network: generator.network, training: generator.training,
        augmentation: (generator.variation ?? GenerateTrain.variation(of: [category])).augmentation, files: files,
        categories: [category.name], seed: options.seed, programVersion: Version.text)
      (course.start, course.shots, course.draw) = (generator.from, pictures.shots, pictures.draw)
      course.take(try cadence.workspace(for: target, resuming: options.resume, progress))
      progress.begin()
      try GenerateTrain.train(course, on: device, progress).save(to: target)
    }
    let model = try GeneratorModel.load(target, on: device)
    let manifest = try options.generate(
      model, at: target, shots: files, category: category, to: output, on: device, progress)
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.write(manifest.json(), to: json) }
    guard json != "-" else { return }
    for line in GenerationOptions.lines(manifest, output) { try Output.line(line) }
    try Output.line("generator: \(target)")
  }
}

extension GeneratorTraining {
  mutating func take(_ workspace: Training.Workspace) {
    (folder, resumes) = (workspace.folder, workspace.resumes)
    (checkpointSteps, checkpointMinutes) = (workspace.checkpointSteps, workspace.checkpointMinutes)
  }
}
