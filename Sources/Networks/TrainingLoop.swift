public import Tensors

/// The one loop around a ``Trainer``, for all models: checkpoints, a log, curves, validation and an early end.
///
/// Whatever a step's course depends on is in the checkpoint, so a training that is stopped at any step and resumed ends in the
/// same bits, and its log differs in times alone. What stops it (an error of `progress`, of validation, of a file) comes
/// through after a checkpoint has been written; what fails within a step leaves the last checkpoint as it is.
public final class TrainingLoop {
  public typealias Losses = (TrainingStep) throws -> [(name: String, value: Tensor)]
  public typealias Validation = () throws -> [(name: String, value: Double)]

  public let trainer: Trainer
  public let settings: LoopSettings
  /// The average that is validated and kept, where the settings ask for one.
  public let average: MovingAverage?
  public internal(set) var history = LossHistory()
  var state = LoopState()
  var bestValues: [(name: String, shape: [Int], values: [Float])] = []
  var log: TrainingLog?
  var clock = StepClock()
  var isSaved = true
  var lastSave = ContinuousClock.now

  /// - Throws: ``TrainingError/setting(name:reason:)``, `DeviceError`.
  public init(_ trainer: Trainer, _ settings: LoopSettings) throws {
    try settings.validate()
    self.trainer = trainer
    self.settings = settings
    average = try settings.averageDecay.map { try MovingAverage(trainer.optimizer.arena, decay: $0) }
  }

  /// Trains to the plan's last step or to the early end. The network then holds the result: the values of the best validation
  /// where there is a patience, else the average where there is one, else the last values. Running statistics are never
  /// averaged.
  ///
  /// - resuming: whether to go on from the checkpoint where its file exists
  /// - losses: as of ``Trainer/advance(_:)``; of the step's examples, whatever their number
  /// - validation: named values of examples that are not trained on, the first one minimised
  /// - progress: called after each step; may throw to stop
  /// - Throws: ``TrainingError``, `CheckpointError` and `DeviceError`; what the closures throw.
  @discardableResult public func run(
    resuming: Bool = false, losses: Losses, validation: Validation? = nil,
    progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> TrainingOutcome {
    guard (validation != nil) == (settings.validationSteps != nil) else {
      throw TrainingError.setting(
        name: "validation", reason: "needs both a number of steps and something to validate by")
    }
    try begin(resuming: resuming)
    clock = StepClock()
    lastSave = .now
    if state.pending != nil { try finish(validation, progress) }
    while !trainer.isFinished, !state.hasEnded {
      let report = try trainer.advanceWithinMemory(losses)
      isSaved = false
      state.pending = report
      try average?.follow()
      try finish(validation, progress)
    }
    try save()
    try writeCurve()
    try takeResult()
    return TrainingOutcome(steps: trainer.step, best: state.best, endedEarly: state.hasEnded)
  }

  /// What follows a step; what has happened is saved before an error of it goes on.
  private func finish(_ validation: Validation?, _ progress: (TrainingProgress) throws -> Void) throws {
    do {
      let now = try completeStep(validation)
      if isCheckpointDue {
        try save()
        try writeCurve()
      }
      try progress(now)
    } catch {
      try save()
      throw error
    }
  }

  /// Validates, takes down what the step did, and decides on the end.
  private func completeStep(_ validation: Validation?) throws -> TrainingProgress {
    guard let report = state.pending else { preconditionFailure("a step was made") }
    let earlier = state
    var values: [NamedValue] = []
    do {
      if let validation, settings.isValidationDue(after: report.step, of: report.steps) {
        values = try withAverage {
          let values = try validation().map { NamedValue($0.name, $0.value) }
          try judge(values, at: report.step)
          return values
        }
      }
      state.seconds += clock.lap()
      try log?.append(TrainingLog.Line(report, validation: values, seconds: state.seconds))
    } catch {
      // All of it is done again when training goes on.
      state = earlier
      throw error
    }
    state.pending = nil
    history.append(report, validation: values)
    return TrainingProgress(
      report: report, validation: values.map { ($0.name, $0.value) }, stepsPerSecond: clock.rate,
      secondsLeft: Double(report.steps - report.step) / clock.rate)
  }

  private func judge(_ values: [NamedValue], at step: Int) throws {
    guard let value = values.first?.value else {
      throw TrainingError.setting(name: "validation", reason: "gave no value")
    }
    // What is no number is never the best.
    if value < state.best?.value ?? .infinity {
      if settings.patience != nil { bestValues = try trainer.builder.values() }
      state.best = TrainingOutcome.Best(step: step, value: value)
      state.validationsSinceBest = 0
    } else {
      state.validationsSinceBest += 1
      if let patience = settings.patience { state.hasEnded = state.validationsSinceBest >= patience }
    }
  }

  /// With the average's values in the network's place, where there is one.
  private func withAverage<Result>(_ body: () throws -> Result) throws -> Result {
    guard let average else { return try body() }
    try average.exchange()
    let result = Swift.Result { try body() }
    try average.exchange()
    return try result.get()
  }

  private func takeResult() throws {
    if !bestValues.isEmpty {
      var left = bestValues[...]
      try trainer.builder.setValues { _, _ in left.removeFirst().values }
    } else {
      try average?.exchange()
    }
  }

  private var isCheckpointDue: Bool {
    guard settings.checkpoint != nil else { return false }
    if let steps = settings.checkpointSteps, trainer.step % steps == 0 { return true }
    return settings.checkpointMinutes.map { lastSave.duration(to: .now) >= .seconds($0 * 60) } ?? false
  }
}

/// How far a training is.
public struct TrainingProgress: Sendable {
  public let report: StepReport
  /// Of this step's validation; empty where there was none.
  public let validation: [(name: String, value: Double)]
  /// Smoothed over the last steps, all that happens between them included.
  public let stepsPerSecond: Double
  /// To the plan's last step.
  public let secondsLeft: Double
}

/// How a training ended.
public struct TrainingOutcome: Hashable, Sendable {
  public struct Best: Hashable, Sendable, Codable {
    /// Steps done before the validation.
    public let step: Int
    public let value: Double
  }

  public let steps: Int
  /// The validation with the least first value.
  public let best: Best?
  /// Whether patience ended it.
  public let endedEarly: Bool
}
