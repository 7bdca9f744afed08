public import Compute

extension OpCase {
  /// Whether the operation is linear in its first array and an independent transpose of it is known.
  public var isLinear: Bool { adjoint != nil }

  /// |⟨J·v, y⟩ − ⟨v, Jᵀ·y⟩| with v the first array and y random, and its bound: each element of J·v may err by what the
  /// comparison allows it, so their sum with y by Σ allowed · |y|. Both inner products are taken in Float64.
  public func adjointGap(
    _ fill: Fill, on device: any Device, _ options: CaseOptions
  ) throws -> (error: Double, bound: Double) {
    let prepared = prepared(fill, seed: options.seed)
    guard let adjoint, case .floats(_, let allowed, _) = prepared.expected[0] else {
      preconditionFailure("\(operation) has no adjoint.")
    }
    var once = options
    once.repeats = 1
    let result = try result(prepared, on: device, once)
    guard case .floats(let forward) = result.outputs[0] else { preconditionFailure("J·v must be floats.") }
    var random = CaseRandom(key: "adjoint " + text(fill), seed: options.seed)
    let y = forward.map { _ in random.normal() }
    let v = prepared.inputs[0]
    let left = zip(forward, y).reduce(0) { $0 + Double($1.0) * $1.1 }
    let back = adjoint(prepared.inputs, y)
    guard back.count == v.count else { preconditionFailure("Jᵀ·y has \(back.count) elements, v has \(v.count).") }
    let right = zip(v, back).reduce(0) { $0 + Double($1.0) * $1.1 }
    let bound = zip(allowed, y).reduce(0) { $0 + $1.0 * abs($1.1) }
    // Exact operations leave the rounding of the two Float64 sums.
    let sums = zip(forward, y).reduce(0) { $0 + abs(Double($1.0) * $1.1) } * 0x1p-40
    return (abs(left - right), bound + sums)
  }
}
