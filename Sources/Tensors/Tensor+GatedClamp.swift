import Compute

extension Tensor {
  /// `min(max(x, lower), upper)`, whose gradient g passes where `g · (x − clamped x) ≥ 0`: inside of the limits, and outside of them
  /// where a descent would bring x back. Only what would push an element further out is stopped ("clamp with gradient", K.
  /// Crowson's VQGAN+CLIP).
  public func gatedClamped(lower: Float, upper: Float) throws -> Tensor {
    let (x, device) = (storage, device)
    return try Tensor.made(shape, on: device) { try device.clamp(x, lower: lower, upper: upper, into: $0) }
      .recorded([self]) { g, targets in
        try targets[0]?.write { gradient in
          // A descent along g > 0 makes x smaller, along g < 0 larger.
          let positive = try device.passed(g, where: g)
          let negative = try device.made(g.count) { try device.combine(.subtract, g, positive, into: $0) }
          let below = try device.made(g.count) { try device.affine(x, scale: -1, shift: lower, into: $0) }
          let above = try device.made(g.count) { try device.affine(x, scale: 1, shift: -upper, into: $0) }
          try device.combine(.subtract, g, device.passed(positive, where: below), into: gradient)
          try device.combine(.subtract, gradient, device.passed(negative, where: above), into: gradient)
        }
      }
  }
}
