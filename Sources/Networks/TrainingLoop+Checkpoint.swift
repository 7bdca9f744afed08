import Checkpoints
import Compute
import Foundation
import Tensors

/// What the course of a loop depends on beside its trainer, tensors apart.
struct LoopState: Codable {
  /// Seconds of all runs so far.
  var seconds = 0.0
  var best: TrainingOutcome.Best?
  var validationsSinceBest = 0
  var hasEnded = false
  /// A step whose validation was interrupted, or whose line could not be written.
  var pending: StepReport?
}

extension TrainingLoop {
  private static let (stateName, courseName) = ("loop", "loop_course")
  private static let (averagePrefix, bestPrefix, historyPrefix) = ("loop.average.", "loop.best.", "loop.history.")

  /// Starts anew, or goes on from the checkpoint; the log then ends where the checkpoint was written.
  func begin(resuming: Bool) throws {
    if resuming, let url = settings.checkpoint, FileManager.default.fileExists(atPath: url.path) {
      try restore(from: url)
    }
    log = try settings.log.map { try TrainingLog($0, keepingSteps: trainer.step) }
  }

  /// Writes the checkpoint, whole or not at all, unless it is there already.
  func save() throws {
    guard let url = settings.checkpoint, !isSaved else { return }
    var tensors: [String: HostTensor] = [:]
    if let average {
      for (index, parameter) in average.arena.parameters.enumerated() {
        tensors[Self.averagePrefix + parameter.name] = HostTensor(
          shape: parameter.shape.extents, values: try average.arena.part(index, of: average.average))
      }
    }
    for (name, shape, values) in bestValues {
      tensors[Self.bestPrefix + name] = HostTensor(shape: shape, values: values)
    }
    for (name, tensor) in history.tensors { tensors[Self.historyPrefix + name] = tensor }
    let metadata = [
      Self.stateName: String(decoding: try TrainingLog.encoder.encode(state), as: UTF8.self),
      Self.courseName: settings.course,
    ]
    try trainer.save(to: url, adding: tensors, metadata: metadata)
    isSaved = true
    lastSave = .now
  }

  private func restore(from url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    func refuse(_ reason: String) -> TrainingError { .checkpoint(path: url.path, reason: reason) }
    guard let text = file.metadata[Self.stateName],
      let found = try? TrainingLog.decoder.decode(LoopState.self, from: Data(text.utf8))
    else { throw refuse("it was not written by a training loop") }
    guard file.metadata[Self.courseName] == settings.course else {
      throw refuse("it was written with another validation, patience or average; train with the same, or start anew")
    }
    try trainer.restore(from: file)
    if let average {
      for (index, parameter) in average.arena.parameters.enumerated() {
        let part = try file.tensor(named: Self.averagePrefix + parameter.name, shape: parameter.shape.extents)
        try average.arena.setPart(index, of: average.average, to: part.values)
      }
    }
    if found.best != nil, settings.patience != nil {
      bestValues = try trainer.builder.names().map { name, shape in
        (name, shape, try file.tensor(named: Self.bestPrefix + name, shape: shape).values)
      }
    }
    history = LossHistory(
      try file.names.filter { $0.hasPrefix(Self.historyPrefix) }.map {
        (String($0.dropFirst(Self.historyPrefix.count)), try file.tensor(named: $0))
      })
    state = found
    isSaved = true
  }

  func writeCurve() throws {
    guard let url = settings.curve else { return }
    try AtomicWriting.write(Data(LossCurve(history).svg.utf8), to: url)
  }
}
