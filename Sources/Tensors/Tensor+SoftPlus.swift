import Compute

extension Tensor {
  /// `ln(1 + e^(βx)) / β` without overflow: `max(x, 0) + ln(1 + e^(−|βx|)) / β`. Its derivative is σ(βx), also at 0.
  ///
  /// - beta: above 0
  public func softPlus(beta: Float = 1) throws -> Tensor {
    let (x, device) = (storage, device)
    let scaled = try device.scaled(x, by: beta)
    return try Tensor.made(shape, on: device) { y in
      try device.map(.absolute, scaled, into: y)
      try device.affine(y, scale: -1, shift: 0, into: y)
      try device.map(.exponential, y, into: y)
      try device.affine(y, scale: 1, shift: 1, into: y)
      try device.map(.logarithm, y, into: y)
      try device.affine(y, scale: 1 / beta, shift: 0, into: y)
      try device.combine(.add, y, device.made(x.count) { try device.activate(.relu, x, into: $0) }, into: y)
    }.recorded([self]) { outputGradient, targets in
      try targets[0]?.write {
        try device.activate(.sigmoid, scaled, into: $0)
        try device.combine(.multiply, $0, outputGradient, into: $0)
      }
    }
  }

  /// `ln σ(x)`, without underflow.
  public func logSigmoid() throws -> Tensor {
    try affine(scale: -1, shift: 0).softPlus().affine(scale: -1, shift: 0)
  }
}
