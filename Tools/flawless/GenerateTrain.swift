import ArgumentParser
import Checkpoints
import Compute
import Datasets
import Devices
import Experiments
import Foundation
import Generation
import Generator
import Networks
import ToolSupport

struct GenerateTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a generator on good pictures of a product, or of several.",
    discussion: """
      A few pictures are enough: they are varied in every step as the product allows. With --all-categories one generator \
      is trained for all products of a data set; another training can begin with it (--from).

      Examples:
        flawless generate train --data mvtec --category metal_nut --shots 4 \\
          -o nut.generator
        flawless generate train --data mvtec --all-categories --shots 20 \\
          --steps 20000 -o plant.generator
        flawless generate train --from plant.generator --data mvtec \\
          --category pill --shots 1 -o pill.generator
      """)

  @OptionGroup(title: "Pictures") var pictures: TrainingPictures

  @Flag(help: "Train on all categories of the data set together; --shots counts for each.")
  var allCategories = false

  @OptionGroup(title: "Generator") var options: GeneratorOptions
  @OptionGroup(title: "Long trainings") var checkpoints: CheckpointOptions

  @Option(help: "The run's seed, stored with the generator.")
  var seed: UInt64 = 0

  @Option(name: [.short, .long], help: ArgumentHelp("The generator's folder.", valueName: "GENERATOR"))
  var output: String

  @Option(help: ArgumentHelp("Write what was trained as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  func validate() throws {
    if allCategories, pictures.dataset.place.category != nil {
      throw ValidationError("Only one of --category and --all-categories can be given.")
    }
  }

  func run() throws {
    let found = try categories()
    try GeneratorModel.checkReplaceable(output)
    try OutputFile.checkFolder(OutputFile.parent(of: output))
    try OutputFile.check(json)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    for category in found { try pictures.dataset.announce(category, progress) }
    var training = GeneratorTraining(
      network: options.network, training: options.training,
      augmentation: (options.variation ?? Self.variation(of: found)).augmentation,
      files: try found.flatMap { try $0.shots(pictures.shots, draw: pictures.draw) },
      categories: found.map(\.name), seed: seed, programVersion: Version.text)
    (training.start, training.shots, training.draw) = (options.from, pictures.shots, pictures.draw)
    training.take(try checkpoints.workspace(for: output, progress))
    progress.begin()
    let outcome = try Self.train(training, on: device, progress)
    try Interruption.check()
    try outcome.save(to: output)
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.writeJSON(summary(outcome), to: json) }
    if json != "-" { try Output.line("\(Self.sentence(outcome))\ngenerator: \(output)") }
  }

  private func categories() throws -> [Datasets.Category] {
    guard allCategories else { return [try pictures.dataset.load()] }
    let dataset = try pictures.dataset.open()
    return try dataset.categories().map { try dataset.category($0) }
  }

  /// What the categories have in common.
  static func variation(of categories: [Datasets.Category]) -> ProductVariation {
    let all = Set(categories.map { ProductVariation.of(category: $0.name) })
    return all.count == 1 ? all.first ?? .aligned : .aligned
  }

  /// An interruption of a training whose state is kept says how to go on.
  static func train(
    _ training: GeneratorTraining, on device: any Device, _ progress: ProgressReporter
  ) throws -> GeneratorTraining.Outcome {
    do {
      return try training.run(on: device) { step in
        let loss = step.report.losses.first?.value ?? 0
        try progress.report("training", step.report.step, of: step.report.steps, String(format: "loss %.4f", loss))
      }
    } catch is Interruption.Interrupted {
      guard training.isUnfinished else { throw Interruption.Interrupted() }
      throw Interruption.Interrupted("Interrupted; --resume goes on with the training.")
    }
  }

  private func summary(_ outcome: GeneratorTraining.Outcome) -> [String: Any] {
    let description = outcome.model.description
    return [
      "generator": output, "categories": description.categories, "pictures": description.trainingFiles.count,
      "parameters": description.network.parameterCount, "steps": description.training.steps,
      "device": description.device, "shots": pictures.shots.map { $0 as Any } ?? NSNull(), "seed": seed,
      "seconds": outcome.seconds, "peak_memory_bytes": peakMemoryBytes(),
    ]
  }

  private static func sentence(_ outcome: GeneratorTraining.Outcome) -> String {
    let description = outcome.model.description
    let pictures = description.trainingFiles.count
    return "trained a generator of \(description.network.parameterCount) parameters on \(pictures) "
      + "picture\(pictures == 1 ? "" : "s") in \(String(format: "%.0f", outcome.seconds)) s"
  }
}
