import Compute

extension OpCatalogue {
  static let multiply = Op(
    name: "multiply", functions: ["multiply"], bound: "4 u √k Σ|ab| + 2 ulp, rms 1.2 u √k",
    suite: [
      "m=1 n=1 k=1", "m=7 n=17 k=33", "m=13 n=21 k=5 ta=1", "m=17 n=16 k=15 tb=1", "m=9 n=33 k=7 ta=1 tb=1",
      "b=3 m=5 n=9 k=8 half=1", "m=31 n=2 k=64 accumulate=1", "m=1 n=65 k=19", "m=16 n=1 k=3", "b=2 m=4 n=64 k=1 tb=1",
      // The tiny ones end here.
      "m=64 n=64 k=64", "m=63 n=65 k=64", "m=65 n=63 k=63 ta=1", "m=128 n=129 k=127 tb=1",
      "m=129 n=127 k=128 ta=1 tb=1",
      "m=1 n=257 k=511", "m=257 n=1 k=511", "m=255 n=31 k=17 accumulate=1", "m=31 n=255 k=257 ta=1 accumulate=1 half=1",
      "b=5 m=33 n=31 k=29", "b=4 m=17 n=19 k=128 ta=1", "b=3 m=64 n=9 k=65 tb=1 accumulate=1", "m=97 n=101 k=103",
      "m=8 n=16 k=4096", "m=3 n=5 k=16384", "m=784 n=64 k=48", "m=196 n=480 k=80 tb=1", "b=8 m=50 n=50 k=64 tb=1",
      "b=8 m=50 n=64 k=50", "m=2 n=1000 k=1280",
    ].map(listed), tinyCount: 10,
    random: { random in
      [
        "b": random.pick([1, 1, 1, 2, 3]), "m": extentBelow(258, &random), "n": extentBelow(258, &random),
        "k": extentBelow(300, &random), "ta": random.int(0...1), "tb": random.int(0...1),
        "accumulate": random.int(0...1), "half": random.int(0...1),
      ]
    }
  ) { parameters in
    let p = try MatrixProblem(
      batch: parameters.int("b", 1), rows: parameters.int("m"), columns: parameters.int("n"),
      depth: parameters.int("k"),
      transposeA: parameters.flag("ta"), transposeB: parameters.flag("tb"))
    let accumulate = try parameters.flag("accumulate")
    let scale: Float = try parameters.flag("half") ? 0.5 : 1
    let c: Shape = [p.batch, p.rows, p.columns]
    var made = OpCase(
      operation: "multiply", parameters: parameters,
      arrays: [
        .input("a", p.transposeA ? [p.batch, p.depth, p.rows] : [p.batch, p.rows, p.depth]),
        .input("b", p.transposeB ? [p.batch, p.columns, p.depth] : [p.batch, p.depth, p.columns]),
        accumulate ? .updated("c", c) : .output("c", c),
      ],
      fills: [.normal, .positive, .integer, .onehot, .poison, .infinite],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: p.bytesMoved,
      run: { device, a in
        try device.multiply(p, a[0], a[1], into: a[2], scale: scale, accumulate: accumulate)
      },
      reference: { h, fill in
        var sums = MatrixReference.sums(p, h[0], h[1], scale: Double(scale))
        if accumulate { for index in sums.values.indices { sums.add(Double(h[2][index]), at: index) } }
        return [sums.expected(length: p.depth + (accumulate ? 1 : 0), exact: fill.isExact)]
      })
    if !accumulate {
      made.adjoint = { h, y in MatrixReference.scattered(p, y, h[1], scale: Double(scale)) }
    }
    made.isUniformByNature = p.cCount <= 64
    return made
  }
}

/// Matrix products in Double.
enum MatrixReference {
  static func sums(_ p: MatrixProblem, _ a: [Float], _ b: [Float], scale: Double) -> Sums {
    var sums = Sums(
      values: [Double](repeating: 0, count: p.cCount), magnitudes: [Double](repeating: 0, count: p.cCount))
    forEachProduct(p) { i, j, target in
      let product = Double(a[i]) * Double(b[j])
      sums.values[target] += product
      sums.magnitudes[target] += abs(product)
    }
    if scale != 1 {
      for index in sums.values.indices {
        sums.values[index] *= scale
        sums.magnitudes[index] *= scale
      }
    }
    return sums
  }

  static func scattered(_ p: MatrixProblem, _ y: [Double], _ b: [Float], scale: Double) -> [Double] {
    var a = [Double](repeating: 0, count: p.aCount)
    forEachProduct(p) { i, j, target in a[i] += scale * y[target] * Double(b[j]) }
    return a
  }

  private static func forEachProduct(_ p: MatrixProblem, _ body: (Int, Int, Int) -> Void) {
    for batch in 0..<p.batch {
      let (aStart, bStart) = (batch * p.rows * p.depth, batch * p.depth * p.columns)
      for row in 0..<p.rows {
        for k in 0..<p.depth {
          let i = aStart + (p.transposeA ? k * p.rows + row : row * p.depth + k)
          let target = (batch * p.rows + row) * p.columns
          for column in 0..<p.columns {
            body(i, bStart + (p.transposeB ? column * p.depth + k : k * p.columns + column), target + column)
          }
        }
      }
    }
  }
}
