import Compute
import Foundation

extension Activation {
  /// Whether each value takes an exponential.
  var isCurved: Bool { ![.none, .relu, .relu6].contains(self) }

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

  /// The derivative at `x`, and what Float32 evaluation of its formula may err by.
  ///
  /// With s = σ(z), z = k·x, whose relative error is that of ``allowed(_:_:)``: s (1 + z (1 − s)) errs by that of s times
  /// its own derivative |1 + z − 2 z s|, and four roundings of its terms; s (1 − s) likewise by |1 − 2 s|; 1 − t² by 2 t
  /// times the error of tanh; GELU's Φ by erf's 16 ulp, x φ(x) by that of e^(−x²/2), whose argument rounds by x² u.
  func slope(_ x: Double) -> (value: Double, error: Double) {
    let factor = self == .geluQuick ? Double(Float(1.702)) : 1
    let z = factor * x
    let s = 1 / (1 + exp(-z))
    let sError = (2 * 6.5 + 2 + 2 * abs(z)) * unit * s
    switch self {
    case .none: return (1, 0)
    case .relu: return (x <= 0 ? 0 : 1, 0)
    case .relu6: return (x <= 0 || x >= 6 ? 0 : 1, 0)
    case .silu, .geluQuick:
      let terms = s * (1 + abs(z) * (1 - s))
      // 1 − s of a rounded s is off by half a unit of 1, which z multiplies.
      let cut = s * abs(z) * min(unit, 1 - s + unit)
      return (s * (1 + z * (1 - s)), sError * abs(1 + z - 2 * z * s) + 4 * unit * terms + cut)
    case .sigmoid: return (s * (1 - s), sError * abs(1 - 2 * s) + 4 * unit * s * (1 - s) + s * unit)
    case .tanh:
      let t = Foundation.tanh(x)
      return (1 - t * t, 2 * abs(t) * 5 * ulp(t) + 4 * unit * (1 - t * t))
    case .gelu:
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      let share = abs(x) * density
      return (
        (1 + erf(x / 2.0.squareRoot())) / 2 + x * density, 20 * unit + share * (14 + 2 * min(x * x, 1e30)) * unit
      )
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
