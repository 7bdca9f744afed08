import Compute

/// Compares what a tape says of a function's gradients with central differences of the function itself.
///
/// The function's result y is weighted by random signs and summed in Float64, `f = Σ wᵢ yᵢ`, so that one walk covers all of it.
/// For an element x of an operand, with D(h) = (f(x + h) − f(x − h)) / 2h and h = 2⁻⁶ · max(|x|, ½), the derivative is taken as
/// (4 D(h) − D(2h)) / 3, whose error is of order h⁴. A finding's bound is
///
/// `|D(h) − D(2h)| + roundings · 2⁻²⁴ · max|y| · √n / h + 2⁻²⁰ · |derivative|`:
///
/// the first part is more than what is left of the function's higher derivatives, and grows where a kink lies between the
/// points; the second is the noise of n rounded results. A finding is clear where its bound is at most a tenth of its operand's
/// largest derivative or a hundredth of all operands'; ``isSound`` asks for half of them to be.
public struct GradientCheck: Sendable {
  /// What was found for one element of an operand.
  public struct Finding: Sendable, CustomStringConvertible {
    public let operand: String
    public let element: Int
    /// The derivative by the tape, and by differences.
    public let tape, differences: Double
    /// How far they may lie apart.
    public let bound: Double

    /// At most 1 where all is well; not a number where a result is none.
    public var excess: Double { abs(tape - differences) / bound }
    public var description: String {
      "\(operand)[\(element)]: \(tape) by the tape, \(differences) by differences, bound \(bound)"
    }
  }

  /// By operand, in the order given.
  public let findings: [[Finding]]

  /// - operands: what `function` depends on besides parameters, each with a name
  /// - parameters: of the function; their values are changed and put back
  /// - samples: elements of each operand that are tried
  /// - roundings: units in the last place by which results err
  /// - function: of the operands' tensors in their order; called with constants and no tape, and once with a tape. The same
  ///   operands must give the same result.
  public init(
    _ operands: [(name: String, tensor: Tensor)], parameters: [Parameter] = [], samples: Int = 20, seed: UInt64 = 0,
    roundings: Double = 8, _ function: (_ operands: [Tensor], _ tape: Tape?) throws -> Tensor
  ) throws {
    let tape = Tape()
    let watched = operands.map { tape.watched($0.tensor) }
    let result = try function(watched, tape)
    var random = PhiloxStream(RandomKey(seed: seed, stream: 0x4743))
    let signs = (0..<result.shape.count).map { _ in random.next() % 2 == 0 ? Float(1) : -1 }
    let largest = try result.values().reduce(0) { max($0, abs($1)) }
    let noise = roundings * 0x1p-24 * Double(largest) * Double(signs.count).squareRoot()
    for parameter in parameters { parameter.forgetGradient() }
    // Gradients of the operands first: the second walk spends the tape.
    let weights = try Tensor(signs, shape: result.shape, on: result.device)
    let gradients = try tape.gradients(of: result, for: watched, outputGradient: weights, keepingTape: true)
    if !parameters.isEmpty { try tape.carryBack(from: result, outputGradient: weights) }

    func value(_ tensors: [Tensor]) throws -> Double {
      zip(signs, try function(tensors, nil).values()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var findings: [[Finding]] = []
    for (index, operand) in operands.enumerated() {
      let values = try operand.tensor.values()
      let derivatives = try gradients[index].values()
      findings.append(
        try Self.findings(operand.name, values, derivatives, samples, noise, &random) { changed in
          var tensors = operands.map(\.tensor)
          tensors[index] = try Tensor(changed, shape: operand.tensor.shape, on: operand.tensor.device)
          return try value(tensors)
        })
    }
    for parameter in parameters {
      let values = try parameter.storage.values()
      let derivatives = parameter.hasGradient ? try parameter.gradient.values() : values.map { _ in 0 }
      defer { try? parameter.storage.replace(with: values) }
      findings.append(
        try Self.findings(parameter.name, values, derivatives, samples, noise, &random) { changed in
          try parameter.storage.replace(with: changed)
          return try value(operands.map(\.tensor))
        })
    }
    self.findings = findings
  }

  private static func findings(
    _ name: String, _ values: [Float], _ derivatives: [Float], _ samples: Int, _ noise: Double,
    _ random: inout PhiloxStream, _ value: ([Float]) throws -> Double
  ) throws -> [Finding] {
    let elements =
      values.count <= samples ? Array(values.indices) : Array(random.permutation(values.count).prefix(samples))
    return try elements.map { element in
      let x = values[element]
      let step = 0x1p-6 * max(abs(x), 0.5)
      func difference(_ step: Float) throws -> Double {
        var changed = values
        changed[element] = x + step
        let (upper, above) = (changed[element], try value(changed))
        changed[element] = x - step
        return (above - (try value(changed))) / (Double(upper) - Double(changed[element]))
      }
      let (near, far) = (try difference(step), try difference(2 * step))
      let estimate = (4 * near - far) / 3
      return Finding(
        operand: name, element: element, tape: Double(derivatives[element]), differences: estimate,
        bound: abs(near - far) + noise / Double(step) + 0x1p-20 * abs(estimate) + .leastNormalMagnitude)
    }
  }

  /// Whether every finding lies within its bound, and half of each operand's are clear.
  public var isSound: Bool {
    func largest(_ found: some Sequence<Finding>) -> Double { found.reduce(0) { max($0, abs($1.differences)) } }
    let ofAll = largest(findings.joined())
    return findings.allSatisfy { found in
      let limit = max(0.1 * largest(found), 0.01 * ofAll)
      return found.allSatisfy { $0.excess <= 1 } && 2 * found.count { $0.bound <= limit || ofAll == 0 } >= found.count
    }
  }

  /// The finding farthest beyond its bound, or nearest to it.
  public var worst: Finding? {
    findings.joined().max { !$1.excess.isFinite || $0.excess < $1.excess }
  }
}
