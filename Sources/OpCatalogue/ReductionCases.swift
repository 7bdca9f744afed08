import Compute

private let reductions = [
  (1, 1, 1), (3, 7, 1), (2, 5, 3), (1, 64, 1), (1, 65, 17), (5, 63, 1), (7, 129, 1), (1, 1021, 33), (3, 4099, 1),
  (2, 300, 65),
  (16, 1, 9), (1, 257, 1), (64, 196, 8), (1, 16384, 3), (1, 50176, 1), (97, 97, 1),
  // Long enough for slices.
  (1, 2100, 64), (2, 140_001, 1),
]

extension OpCatalogue {
  static let reduce = Op(
    name: "reduce", functions: ["reduce"], bound: "extremes the same bits; 4 u √(64 + n/16) Σ|x| + 2 ulp",
    suite: reductions.flatMap { outer, reduced, inner in
      ReductionOperation.allCases.map {
        Parameters(dictionaryLiteral: ("outer", outer), ("reduced", reduced), ("inner", inner)).with("f", "\($0)")
      }
    }, tinyCount: 30,
    random: {
      Parameters(
        dictionaryLiteral: ("outer", extentBelow(34, &$0)), ("reduced", extentBelow(600, &$0)),
        ("inner", extentBelow(66, &$0))
      ).with("f", "\($0.pick(ReductionOperation.allCases))")
    }
  ) { parameters in
    let p = try ReductionProblem(
      outer: parameters.int("outer"), reduced: parameters.int("reduced"), inner: parameters.int("inner"))
    let f: ReductionOperation = try parameters.choice("f")
    var made = OpCase(
      operation: "reduce", parameters: parameters,
      arrays: [.input("x", [p.outer, p.reduced, p.inner]), .output("y", [p.outer, p.inner])],
      fills: [.normal, .positive, .integer, .offset, .duplicates, .poison, .infinite],
      floatingPointOperations: p.inputCount, bytesMoved: p.bytesMoved,
      run: { device, a in try device.reduce(f, p, a[0], into: a[1]) },
      reference: { h, fill in [reduced(f, p, h[0], exact: fill.isExact)] })
    if f == .sum || f == .mean {
      made.adjoint = { _, y in
        let share = f == .mean ? 1 / Double(p.reduced) : 1
        return (0..<p.inputCount).map { share * y[$0 / p.inner / p.reduced * p.inner + $0 % p.inner] }
      }
    }
    made.isUniformByNature = p.outputCount <= 64 || f == .maximum || f == .minimum
    return made
  }

  private static func reduced(_ f: ReductionOperation, _ p: ReductionProblem, _ x: [Float], exact: Bool) -> Expected {
    var sums = Sums()
    for outer in 0..<p.outer {
      for inner in 0..<p.inner {
        let line = (0..<p.reduced).map { Double(x[(outer * p.reduced + $0) * p.inner + inner]) }
        let hasNaN = line.contains(where: \.isNaN)
        switch f {
        case .sum: sums.append(line.reduce(0, +), line.reduce(0) { $0 + abs($1) })
        case .mean:
          let count = Double(p.reduced)
          sums.append(line.reduce(0, +) / count, line.reduce(0) { $0 + abs($1) } / count)
        case .sumOfSquares:
          let sum = line.reduce(0) { $0 + $1 * $1 }
          sums.append(sum, sum)
        case .maximum: sums.append(hasNaN ? .nan : line.max() ?? .nan, 0)
        case .minimum: sums.append(hasNaN ? .nan : line.min() ?? .nan, 0)
        }
      }
    }
    switch f {
    case .maximum, .minimum: return .exact(sums.values)
    // At least 16 lanes or runs of 64, then a chain of those: no sum is one long chain.
    case .sum, .mean, .sumOfSquares:
      return sums.expected(length: min(p.reduced, 64) + p.reduced / 16 + 1, exact: exact && f != .mean)
    }
  }

  static let position = Op(
    name: "position", functions: ["position"], bound: "the same index",
    suite: reductions.flatMap { outer, reduced, inner in
      [0, 1].map { ["outer": outer, "reduced": reduced, "inner": inner, "smallest": $0] }
    }, tinyCount: 14,
    random: {
      [
        "outer": extentBelow(34, &$0), "reduced": extentBelow(600, &$0), "inner": extentBelow(66, &$0),
        "smallest": $0.int(0...1),
      ]
    }
  ) { parameters in
    let p = try ReductionProblem(
      outer: parameters.int("outer"), reduced: parameters.int("reduced"), inner: parameters.int("inner"))
    let smallest = try parameters.flag("smallest")
    var made = OpCase(
      operation: "position", parameters: parameters,
      arrays: [.input("x", [p.outer, p.reduced, p.inner]), .output("y", [p.outer, p.inner], isIndex: true)],
      fills: [.normal, .integer, .duplicates, .constant, .poison, .infinite], bytesMoved: p.bytesMoved,
      run: { device, a in try device.position(ofSmallest: smallest, p, a[0], into: a.indices(1)) },
      reference: { h, _ in
        var positions: [Int32] = []
        for outer in 0..<p.outer {
          for inner in 0..<p.inner {
            let line = (0..<p.reduced).map { h[0][(outer * p.reduced + $0) * p.inner + inner] }
            let best = smallest ? line.min() : line.max()
            // A NaN wins, as in PyTorch; else the first of equal ones.
            let found = line.firstIndex(where: \.isNaN) ?? line.firstIndex { $0 == best } ?? 0
            positions.append(Int32(found))
          }
        }
        return [.exact(positions)]
      })
    made.isUniformByNature = true
    return made
  }
}
