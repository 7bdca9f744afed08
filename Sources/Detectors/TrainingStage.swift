import Foundation

/// Where a training is.
public struct TrainingStage: Hashable, Sendable {
  public let name: String
  /// What else can be said at this moment; empty where there is nothing.
  public let detail: String

  private init(_ name: String, detail: String = "") {
    self.name = name
    self.detail = detail
  }

  public static let features = TrainingStage("features")
  public static let coreset = TrainingStage("memory bank")
  public static let threshold = TrainingStage("threshold")

  /// - fold: counted from 1, nil for the model itself
  public static func training(loss: Float, fold: (number: Int, of: Int)? = nil) -> TrainingStage {
    TrainingStage(
      fold.map { "training for the threshold, \($0.number) of \($0.of)" } ?? "training",
      detail: String(format: "loss %.4g", Double(loss)))
  }
}
