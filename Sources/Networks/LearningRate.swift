import Foundation

/// A learning rate that changes with the step.
public enum LearningRate: Hashable, Sendable, Codable {
  case constant(Double)
  /// Multiplied by `factor` every so many steps.
  case steps(Double, every: Int, factor: Double)
  case exponential(Double, factor: Double)
  /// Grows linearly over `warmUp` steps, then falls to `final` at step `total` along half a cosine (Loshchilov and Hutter
  /// 2017, arXiv 1608.03983, equation 5).
  case cosine(Double, warmUp: Int = 0, total: Int, final: Double = 0)

  /// - step: from 0
  public func rate(at step: Int) -> Double {
    switch self {
    case .constant(let rate): return rate
    case .steps(let rate, let every, let factor): return rate * pow(factor, Double(step / max(every, 1)))
    case .exponential(let rate, let factor): return rate * pow(factor, Double(step))
    case .cosine(let rate, let warmUp, let total, let final):
      if step < warmUp { return rate * Double(step + 1) / Double(warmUp) }
      let part = Double(min(step, total) - warmUp) / Double(max(total - warmUp, 1))
      return final + (rate - final) * (1 + cos(.pi * part)) / 2
    }
  }
}
