import Compute

// Derivatives that are put together from device operations. Each is a few passes over memory; what training spends time on
// has a device operation of its own.
extension Device {
  /// A new array that `write` fills.
  func made(_ count: Int, _ write: (Storage) throws -> Void) throws -> Storage {
    let array = try Storage(count: count, on: self)
    try write(array)
    return array
  }

  func product(_ a: Storage, _ b: Storage) throws -> Storage {
    try made(a.count) { try combine(.multiply, a, b, into: $0) }
  }
  func scaled(_ x: Storage, by scale: Float) throws -> Storage {
    try made(x.count) { try affine(x, scale: scale, shift: 0, into: $0) }
  }

  /// The gradient where x is above 0, and 0 elsewhere.
  func passed(_ gradient: Storage, where x: Storage) throws -> Storage {
    try made(x.count) { try activateBackward(.relu, x, outputGradient: gradient, into: $0) }
  }

  /// `gradient = f′(x) · outputGradient`, with y = f(x).
  func mapBackward(
    _ operation: UnaryOperation, _ x: Storage, _ y: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    switch operation {
    case .squareRoot: try combine(.divide, scaled(outputGradient, by: 0.5), y, into: gradient)
    case .square: try combine(.multiply, scaled(outputGradient, by: 2), x, into: gradient)
    case .absolute:
      let below = try passed(outputGradient, where: scaled(x, by: -1))
      try combine(.subtract, passed(outputGradient, where: x), below, into: gradient)
    case .exponential: try combine(.multiply, outputGradient, y, into: gradient)
    case .logarithm: try combine(.divide, outputGradient, x, into: gradient)
    case .reciprocal: try combine(.multiply, scaled(outputGradient, by: -1), product(y, y), into: gradient)
    }
  }

  /// The gradient where lower ≤ x ≤ upper, and 0 elsewhere.
  func clampBackward(
    _ x: Storage, outputGradient: Storage, lower: Float, upper: Float, into gradient: Storage
  ) throws {
    let below = try made(x.count) { try affine(x, scale: -1, shift: lower, into: $0) }
    let inside = try made(x.count) {
      try combine(.subtract, outputGradient, passed(outputGradient, where: below), into: $0)
    }
    let above = try made(x.count) { try affine(x, scale: 1, shift: -upper, into: $0) }
    try combine(.subtract, inside, passed(inside, where: above), into: gradient)
  }

  /// `y[o, r, i] = scale · x[o, i]`: the way back of a sum.
  func spread(_ p: ReductionProblem, _ x: Storage, scale: Float = 1, into y: Storage) throws {
    let ones = try made(p.outer * p.reduced) { try fill($0, with: 1) }
    let problem = try MatrixProblem(batch: p.outer, rows: p.reduced, columns: p.inner, depth: 1)
    try multiply(problem, ones, x, into: y, scale: scale, accumulate: false)
  }
}

extension Device {
  /// The gradient of an extreme: equal shares for all elements that equal it, as PyTorch's `amax` has it.
  ///
  /// - x: [outer, reduced, inner]; y, outputGradient: [outer, inner]
  func extremeBackward(
    _ p: ReductionProblem, _ x: Storage, _ y: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    let distance = try made(x.count) { try spread(p, y, into: $0) }
    try combine(.subtract, x, distance, into: distance)
    try map(.absolute, distance, into: distance)
    let one = try made(x.count) { try fill($0, with: 1) }
    let isOther = try passed(one, where: distance)
    let isExtreme = try made(x.count) { try combine(.subtract, one, isOther, into: $0) }
    let shares = try made(y.count) { try reduce(.sum, p, isExtreme, into: $0) }
    try combine(.divide, outputGradient, shares, into: shares)
    try spread(p, shares, into: gradient)
    try combine(.multiply, gradient, isExtreme, into: gradient)
  }
}

/// The gradients of `y = x ∘ v`, where v is of x's shape or a row that is applied to all of them.
struct BinaryGradients {
  let operation: BinaryOperation
  let x, v, y: Storage
  let isRow: Bool
  let device: any Device

  func carry(_ gradient: Storage, to targets: [GradientTarget?]) throws {
    if let target = targets[0] { try carryFirst(gradient, to: target) }
    guard let target = targets[1] else { return }
    guard isRow else { return try carrySecond(gradient, to: target) }
    let problem = try ReductionProblem(outer: 1, reduced: x.count / v.count, inner: v.count)
    let all = operation == .add ? gradient : try secondGradient(gradient)
    try target.write { try device.reduce(.sum, problem, all, into: $0) }
  }

  private func carryFirst(_ gradient: Storage, to target: GradientTarget) throws {
    switch operation {
    case .add, .subtract: try target.share(gradient)
    case .multiply, .divide: try target.write { try device.combine(operation, gradient, v, rows: isRow, into: $0) }
    case .maximum, .minimum: try target.share(share(gradient, ofFirst: true))
    }
  }

  private func carrySecond(_ gradient: Storage, to target: GradientTarget) throws {
    try target.share(operation == .add ? gradient : secondGradient(gradient))
  }

  /// The gradient of each use of v: [x.count].
  private func secondGradient(_ gradient: Storage) throws -> Storage {
    switch operation {
    case .add: return gradient
    case .subtract: return try device.scaled(gradient, by: -1)
    case .multiply: return try device.product(gradient, x)
    case .divide:
      // d(x / v) / dv = −(x / v) / v
      let scaled = try device.scaled(device.product(gradient, y), by: -1)
      return try device.made(x.count) { try device.combine(.divide, scaled, v, rows: isRow, into: $0) }
    case .maximum, .minimum: return try share(gradient, ofFirst: false)
    }
  }

  /// What the winner gets; equals get half each: `½ (g[d > 0] + g − g[d < 0])`, d the lead of one over the other.
  private func share(_ gradient: Storage, ofFirst: Bool) throws -> Storage {
    let difference = try device.made(x.count) { try device.combine(.subtract, x, v, rows: isRow, into: $0) }
    let lead = (operation == .maximum) == ofFirst ? difference : try device.scaled(difference, by: -1)
    let won = try device.passed(gradient, where: lead)
    let lost = try device.passed(gradient, where: device.scaled(lead, by: -1))
    let both = try device.made(x.count) { try device.combine(.subtract, gradient, lost, into: $0) }
    try device.combine(.add, both, won, into: both)
    return try device.scaled(both, by: 0.5)
  }
}

extension Device {
  /// `y = x ∘ v`, with v of x's count or a row.
  func combine(_ operation: BinaryOperation, _ x: Storage, _ v: Storage, rows: Bool, into y: Storage) throws {
    if rows {
      try combineRows(operation, x, vector: v, into: y)
    } else {
      try combine(operation, x, v, into: y)
    }
  }
}
