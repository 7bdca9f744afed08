public import ArgumentParser
import Checkpoints
public import Detectors

extension ReverseDistillationConfiguration.Preset: ExpressibleByArgument {}

struct ReverseDistillationOptions: ParsableArguments {
  @Option(
    help: """
      The settings that nothing else names: 'paper' is 200 epochs of 16 pictures of 256 x 256 pixels, 'fast' 1000 steps of \
      8 pictures of 224 x 224, for a CPU, which come in 8 variants, moved and turned a little, with distances measured in \
      units of the training pictures (default: paper).
      """)
  var preset: ReverseDistillationConfiguration.Preset?

  @Option(help: ArgumentHelp("How often training goes through the pictures.", valueName: "COUNT"))
  var epochs: Int?

  @Option(help: ArgumentHelp("Steps of the training, in place of --epochs.", valueName: "COUNT"))
  var steps: Int?

  @Option(help: ArgumentHelp("Pictures a step.", valueName: "COUNT"))
  var batch: Int?

  @Option(help: ArgumentHelp("Adam's learning rate.", valueName: "RATE"))
  var learningRate: Double?

  @Option(
    help: ArgumentHelp(
      "Students that are trained without a part of the pictures each, to find the threshold (at least 2).",
      valueName: "COUNT"))
  var folds: Int?

  @Option(
    help: ArgumentHelp(
      "Take a student from this checkpoint of the authors' program, {bn, decoder}, instead of training one.",
      valueName: "FILE"))
  var student: String?

  @Option(
    help: ArgumentHelp(
      """
      Draw so many variants of each picture before training, the picture itself the first, and keep the network's features of \
      them, instead of a new one in every step: much faster.
      """, valueName: "COUNT"))
  var variants: Int?

  @Option(
    help: ArgumentHelp(
      "Hold out this part of the training pictures, and watch the loss of them; it goes into the log and the curve.",
      valueName: "PART"))
  var validationPart: Double?

  @Option(help: ArgumentHelp("Watch it every so many steps (default: 50).", valueName: "COUNT"))
  var validationSteps: Int?

  @Option(
    help: ArgumentHelp(
      "End the training early, after so many validations without a lesser loss, with the student of the least one.",
      valueName: "COUNT"))
  var patience: Int?

  @OptionGroup(title: "Augmentation (Reverse Distillation)") var varying: AugmentationOptions

  func validate() throws {
    if epochs != nil, steps != nil { throw ValidationError("Only one of --epochs and --steps can be given.") }
    if validationPart == nil, validationSteps != nil || patience != nil {
      throw ValidationError("--validation-steps and --patience need --validation-part.")
    }
    if variants != nil, configuration.augmentation == nil {
      throw ValidationError("--variants needs something that varies, as --translation 0.04, or --preset fast.")
    }
  }

  /// The options that were given.
  var given: [String] {
    [
      preset.map { _ in "--preset" }, epochs.map { _ in "--epochs" }, steps.map { _ in "--steps" },
      batch.map { _ in "--batch" }, learningRate.map { _ in "--learning-rate" }, folds.map { _ in "--folds" },
      student.map { _ in "--student" }, variants.map { _ in "--variants" },
      validationPart.map { _ in "--validation-part" }, validationSteps.map { _ in "--validation-steps" },
      patience.map { _ in "--patience" },
    ].compactMap { $0 } + varying.given
  }

  var configuration: ReverseDistillationConfiguration {
    var configuration = ReverseDistillationConfiguration(preset ?? .paper)
    if let epochs { configuration.length = .epochs(epochs) }
    if let steps { configuration.length = .steps(steps) }
    if let batch { configuration.batch = batch }
    if let learningRate { configuration.rate = learningRate }
    if let folds { configuration.folds = folds }
    if let augmentation = varying.augmentation {
      configuration.augmentation = augmentation
      configuration.variants = nil
    }
    if let variants { configuration.variants = variants }
    if let validationPart { configuration.validationPart = validationPart }
    if let validationSteps { configuration.validationSteps = validationSteps }
    configuration.patience = patience
    return configuration
  }

  func learnt() throws -> (any TensorFile)? { try student.map { try openTensorFile($0) } }
}
