import Foundation

/// Weights `e^(−i²/2σ²)` for i = −radius … radius, normalised to sum 1 in Double.
package func gaussianTaps(sigma: Double, radius: Int) -> [Float] {
  let weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
  let sum = weights.reduce(0, +)
  return weights.map { Float($0 / sum) }
}
