import ArgumentParser
import Detectors
import Experiments
import Foundation
import ToolSupport

/// Checkpoints of trainings that take many steps.
struct CheckpointOptions: ParsableArguments {
  @Flag(help: "Go on with a training that was stopped, from its last checkpoint in MODEL.training.")
  var resume = false

  @OptionGroup var cadence: CheckpointCadence

  /// The workspace beside the model.
  func workspace(for model: String, _ progress: ProgressReporter) throws -> Training.Workspace {
    try cadence.workspace(for: model, resuming: resume, progress)
  }
}

/// How often checkpoints are written.
struct CheckpointCadence: ParsableArguments {
  @Option(help: ArgumentHelp("Write a checkpoint every so many minutes.", valueName: "MINUTES"))
  var checkpointMinutes = 5.0

  @Option(help: ArgumentHelp("Write a checkpoint every so many steps as well.", valueName: "STEPS"))
  var checkpointSteps: Int?

  func validate() throws {
    if !(checkpointMinutes > 0) { throw ValidationError("--checkpoint-minutes must be above 0.") }
    if let checkpointSteps, checkpointSteps < 1 { throw ValidationError("--checkpoint-steps must be at least 1.") }
  }

  /// The workspace beside the model.
  func workspace(
    for model: String, resuming resume: Bool, _ progress: ProgressReporter
  ) throws -> Training.Workspace {
    let path = model.hasSuffix("/") ? String(model.dropLast()) : model
    let folder = URL(fileURLWithPath: "\(path).training")
    let isThere = TrainingWorkspace.isUnfinished(folder)
    if isThere, !resume {
      try progress.note(
        "an unfinished training in \(folder.relativePath) gives way to this one (--resume goes on with it)")
    }
    if resume, !isThere {
      try progress.note("there is no unfinished training of \(path) to go on with: it starts anew")
    }
    return Training.Workspace(
      folder: folder, resumes: resume, checkpointSteps: checkpointSteps, checkpointMinutes: checkpointMinutes)
  }
}
