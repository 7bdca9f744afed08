import Compute
import Foundation

extension Activation {
  func applied(_ x: Double) -> Double {
    switch self {
    case .none: x
    case .relu: x < 0 ? 0 : x
    case .relu6: x < 0 ? 0 : (x > 6 ? 6 : x)
    case .silu: x / (1 + exp(-x))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .geluQuick: x / (1 + exp(-1.702 * x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    }
  }

  /// The largest slope: by how much an error of the argument grows.
  var steepest: Double {
    switch self {
    case .none, .relu, .relu6, .tanh: 1
    case .silu, .geluQuick: 1.1
    case .gelu: 1.13
    case .sigmoid: 0.25
    }
  }

  /// What Float32 evaluation of the formula may err by at `x`, from OpenCL's bounds: exp 3 ulp, erf 16, tanh 5,
  /// division 2.5.
  ///
  /// - exponential forms, y = x / (1 + e): the relative error of e^(−kx) is 3 ulp plus that of rounding kx, |kx| · u; it
  ///   reaches y by the share e / (1 + e) at most; the sum and the division add 3.5 ulp.
  /// - gelu: 1 + erf cancels for negative x, so the error of erf counts in full: |x| / 2 · (16 + 1) ulp of 1, and the
  ///   argument's rounding, whose weight x · φ(x) is below 1 everywhere.
  /// - results below the smallest normal number may be flushed to 0.
  func allowed(_ x: Double, _ y: Double) -> Double {
    let flushed = Double(Float.leastNormalMagnitude) * (1 + abs(x))
    switch self {
    case .none, .relu, .relu6: return 0
    case .silu, .geluQuick, .sigmoid: return (2 * 6.5 + 2 + 2 * abs(x)) * unit * abs(y) + flushed
    case .gelu: return (17 * abs(x) + 2 + 3 * abs(y)) * unit + flushed
    case .tanh: return 5 * ulp(y)
    }
  }
}

extension Expected {
  /// The expectation of an activation's results, given that of its arguments.
  func activated(_ activation: Activation) -> Expected {
    guard activation != .none, case .floats(let values, let allowed, _) = self else { return self }
    let results = values.map { activation.applied(Double($0)) }
    let errors = values.indices.map {
      activation.steepest * allowed[$0] + activation.allowed(values[$0], results[$0])
    }
    return .floats(results, allowed: errors)
  }
}
