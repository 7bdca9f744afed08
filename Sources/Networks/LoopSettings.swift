public import Foundation

/// What a training does besides its steps: files, validation, an early end.
public struct LoopSettings: Codable, Hashable, Sendable {
  /// Where the state is kept that training goes on from; nil for nowhere.
  public var checkpoint: URL?
  /// A checkpoint every so many steps, and when so many minutes have passed since the last one; one is written at the end and at
  /// an interruption in any case.
  public var checkpointSteps: Int?
  public var checkpointMinutes: Double?
  /// One JSON object a step and line.
  public var log: URL?
  /// The losses' curves as SVG.
  public var curve: URL?
  /// Validation every so many steps, and after the last one.
  public var validationSteps: Int?
  /// Training ends after so many validations without a new least value, with the values of the best one.
  public var patience: Int?
  /// The decay of a moving average of all parameters, of the first part where the trainer has several; the average is then what is
  /// validated and what training ends with.
  public var averageDecay: Double?

  public init(
    checkpoint: URL? = nil, checkpointSteps: Int? = nil, checkpointMinutes: Double? = nil, log: URL? = nil,
    curve: URL? = nil, validationSteps: Int? = nil, patience: Int? = nil, averageDecay: Double? = nil
  ) {
    self.checkpoint = checkpoint
    self.checkpointSteps = checkpointSteps
    self.checkpointMinutes = checkpointMinutes
    self.log = log
    self.curve = curve
    self.validationSteps = validationSteps
    self.patience = patience
    self.averageDecay = averageDecay
  }

  /// - Throws: ``TrainingError/setting(name:reason:)``.
  public func validate() throws(TrainingError) {
    let checks: [(String, Bool, String)] = [
      ("checkpoint cadence", checkpointSteps ?? 1 >= 1, "must be at least 1 step"),
      ("checkpoint cadence", checkpointMinutes ?? 1 > 0, "must be above 0 minutes"),
      (
        "checkpoint cadence", checkpoint != nil || (checkpointSteps == nil && checkpointMinutes == nil),
        "needs a checkpoint file"
      ),
      ("loss curve", curve?.pathExtension.lowercased() ?? "svg" == "svg", "must be a file that ends in .svg"),
      ("validation", validationSteps ?? 1 >= 1, "must come at least 1 step apart"),
      ("patience", patience ?? 1 >= 1, "must be at least 1 validation"),
      ("patience", patience == nil || validationSteps != nil, "needs validation"),
      ("average's decay", averageDecay.map { $0 >= 0 && $0 < 1 } ?? true, "must be at least 0 and below 1"),
    ]
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }

  func isValidationDue(after step: Int, of steps: Int) -> Bool {
    validationSteps.map { step % $0 == 0 || step == steps } ?? false
  }

  /// What the course of a training depends on, as text; files and their cadence may change when training goes on.
  var course: String {
    "validation \(validationSteps ?? 0), patience \(patience ?? 0), average \(averageDecay ?? -1)"
  }
}

/// Examples that are trained on and others that are held out for validation.
public struct ExampleSplit: Hashable, Sendable {
  /// Numbers of examples, in rising order.
  public let training: [Int]
  public let validation: [Int]

  /// - fraction: the part that is held out; rounded, but at least one example where it is above 0, and never all
  public init(examples: Int, fraction: Double, seed: UInt64) {
    let wanted = fraction > 0 ? max(Int((fraction * Double(examples)).rounded()), 1) : 0
    let order = BatchOrder(examples: max(examples, 1), batch: max(examples, 1), seed: seed)[0]
    let held = max(min(wanted, examples - 1), 0)
    validation = order.prefix(held).sorted()
    training = examples > 0 ? order.dropFirst(held).sorted() : []
  }
}
