import Compute
import Foundation

extension OpCatalogue {
  static let attend = Op(
    name: "attend", functions: ["attend"], bound: "Σ p|v| (2 max|error of a score| + 10 u + 2 u|s − max| + 8 u √n)",
    suite: [
      "heads=1 queries=1 keys=1 width=1", "heads=2 queries=7 keys=5 width=3", "heads=1 queries=9 keys=17 width=16",
      "n=2 heads=3 queries=5 keys=33 width=17", "heads=1 queries=17 keys=17 width=8 causal=1",
      "heads=2 queries=3 keys=9 width=33 causal=1",
      "n=2 heads=2 queries=3 keys=64 width=4", "heads=2 queries=5 keys=9 width=4 lift=-150",
      "heads=1 queries=9 keys=7 width=16 lift=150 causal=1",
      // The tiny ones end here.
      "n=3 heads=2 queries=65 keys=63 width=64", "heads=1 queries=64 keys=64 width=65 causal=1",
      "heads=1 queries=129 keys=127 width=32", "heads=2 queries=33 keys=257 width=31 causal=1",
      "heads=1 queries=257 keys=130 width=15 causal=1", "n=2 heads=4 queries=50 keys=50 width=64",
      "heads=8 queries=77 keys=77 width=64 causal=1", "heads=1 queries=64 keys=64 width=512",
      "heads=12 queries=16 keys=16 width=32", "heads=1 queries=196 keys=300 width=48",
      "heads=1 queries=2 keys=1000 width=40",
    ].map(listed), tinyCount: 9,
    random: { random in
      [
        "n": random.pick([1, 1, 2]), "heads": random.int(1...3), "queries": extentBelow(140, &random),
        "keys": extentBelow(270, &random), "width": extentBelow(130, &random), "causal": random.int(0...1),
        "lift": random.pick([0, 0, 0, -150, 150]),
      ]
    }
  ) { parameters in
    let p = try attentionProblem(parameters)
    let query: Shape = [p.batch, p.queries, p.heads, p.width]
    let key: Shape = [p.batch, p.keys, p.heads, p.width]
    let lift = try parameters.int("lift", 0)
    var made = OpCase(
      operation: "attend", parameters: parameters,
      // A key that is not seen has probability 0, with which its value may be multiplied or not.
      arrays: [
        lifted("q", query, Float(lift) / p.scale, if: lift != 0), lifted("k", key, 1, if: lift != 0),
        .input("v", key, takesIntruders: !p.isCausal), .output("y", query),
        .output("logSums", [p.batch, p.heads, p.queries]),
      ],
      fills: [.normal, .positive, .integer, .onehot, .duplicates, .poison],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: p.bytesMoved,
      run: { device, a in try device.attend(p, a[0], a[1], a[2], into: a[3], logSums: a[4]) },
      reference: { h, _ in AttentionReference.attended(p, h[0], h[1], h[2]) })
    made.exponentials = p.scoreCount
    made.isUniformByNature = lift != 0 || p.queryCount <= 64 || p.keys <= 4
    return made
  }

  private static func attentionProblem(_ parameters: Parameters) throws -> AttentionProblem {
    try AttentionProblem(
      batch: parameters.int("n", 1), heads: parameters.int("heads"), queries: parameters.int("queries"),
      keys: parameters.int("keys"), width: parameters.int("width"), isCausal: parameters.flag("causal"))
  }

  static let attendBackward = Op(
    name: "attendBackward", functions: ["scoreGradients"],
    bound: "that of the probabilities through both products, 4 u √n of each sum",
    suite: [
      "heads=1 queries=1 keys=1 width=1", "heads=2 queries=7 keys=5 width=3", "n=2 heads=3 queries=5 keys=33 width=17",
      "heads=1 queries=17 keys=17 width=8 causal=1", "heads=2 queries=3 keys=9 width=33 causal=1",
      "heads=1 queries=9 keys=4 width=5 causal=1",
      // The tiny ones end here.
      "n=3 heads=2 queries=65 keys=63 width=64", "heads=1 queries=129 keys=127 width=32",
      "heads=8 queries=77 keys=77 width=64 causal=1",
      "heads=2 queries=33 keys=257 width=31", "heads=12 queries=16 keys=16 width=32",
      // Heads in two parts.
      "heads=17 queries=1000 keys=1000 width=1",
    ].map(listed), tinyCount: 6,
    random: { random in
      [
        "n": random.pick([1, 1, 2]), "heads": random.int(1...3), "queries": extentBelow(70, &random),
        "keys": extentBelow(70, &random), "width": extentBelow(66, &random), "causal": random.int(0...1),
      ]
    }
  ) { parameters in
    let p = try attentionProblem(parameters)
    let query: Shape = [p.batch, p.queries, p.heads, p.width]
    let key: Shape = [p.batch, p.keys, p.heads, p.width]
    var made = OpCase(
      operation: "attendBackward", parameters: parameters,
      arrays: [
        .input("dy", query, takesIntruders: false), .input("q", query, takesIntruders: false),
        .input("k", key, takesIntruders: false), .input("v", key, takesIntruders: false), .output("dq", query),
        .output("dk", key), .output("dv", key),
      ],
      fills: [.normal, .positive, .integer],
      floatingPointOperations: p.floatingPointOperations / 2 * 5, bytesMoved: 2 * p.bytesMoved,
      run: { device, a in
        let y = try Storage(count: p.queryCount, on: device)
        let logSums = try Storage(count: p.logSumCount, on: device)
        try device.attend(p, a[1], a[2], a[3], into: y, logSums: logSums)
        try device.attendBackward(
          p, AttentionPass(q: a[1], k: a[2], v: a[3], y: y, logSums: logSums), outputGradient: a[0],
          queryGradient: a[4], keyGradient: a[5], valueGradient: a[6])
      },
      reference: { h, _ in AttentionReference.gradients(p, h[0], h[1], h[2], h[3]) })
    made.exponentials = p.scoreCount
    made.isUniformByNature = true
    return made
  }

  /// An array whose heads begin with `first`, so that all scores are moved by one number: eˣ of it leaves Float32's range
  /// unless the largest score is taken off.
  private static func lifted(_ name: String, _ shape: Shape, _ first: Float, if isLifted: Bool) -> OpArray {
    guard isLifted else { return .input(name, shape) }
    return .input(name, shape) { random, fill in
      var values = fill.values(shape.count, first: false, &random)
      for index in stride(from: 0, to: values.count, by: shape[3]) { values[index] = first }
      return .floats(values)
    }
  }
}

/// Attention in Double, with the scores written out.
enum AttentionReference {
  /// A score errs by 4 u √width Σ|q k| and one more rounding for the scale. The softmax turns the largest of these errors
  /// into twice that, relatively; its own errors are those of ``OpCatalogue/softmax``; the weighted sum adds 4 u √keys, and
  /// rescaling it for each block of keys as much again.
  static func attended(_ p: AttentionProblem, _ q: [Float], _ k: [Float], _ v: [Float]) -> [Expected] {
    var (values, allowed) = ([Double](repeating: 0, count: p.queryCount), [Double](repeating: 0, count: p.queryCount))
    var (logSums, logAllowed) = ([Double](), [Double]())
    for batch in 0..<p.batch {
      for head in 0..<p.heads {
        for query in 0..<p.queries {
          let place = ((batch * p.queries + query) * p.heads + head) * p.width
          let seen = p.isCausal ? min(query + 1, p.keys) : p.keys
          let keys = (0..<seen).map { ((batch * p.keys + $0) * p.heads + head) * p.width }
          let scores = keys.map { score(p, q, place, k, $0) }
          let largest = scores.contains { $0.value.isNaN } ? .nan : scores.map(\.value).max() ?? .nan
          let scoreError = scores.map(\.error).max() ?? 0
          let weights = scores.map { exp($0.value - largest) }
          let sum = weights.reduce(0, +)
          let sumError = 8 * unit * Double(seen).squareRoot()
          for c in 0..<p.width {
            for (index, key) in keys.enumerated() {
              let part = weights[index] / sum * Double(v[key + c])
              values[place + c] += part
              let distance = largest - scores[index].value
              allowed[place + c] += abs(part) * (2 * scoreError + 10 * unit + 2 * unit * distance + sumError)
            }
            allowed[place + c] += 2 * ulp(values[place + c])
          }
          logSums.append(largest + log(sum))
          logAllowed.append(scoreError + sumError + 6 * unit + 2 * ulp(abs(largest) + log(sum)))
        }
      }
    }
    return [.floats(values, allowed: allowed), .floats(logSums, allowed: logAllowed)]
  }

  /// Gradients of q, k and v.
  ///
  /// A probability errs as in ``attended(_:_:_:_:)``; dp by 4 u √width Σ|dy v|, and Σ p dp, which devices take as Σ dy y,
  /// by that and by the error of y; their difference's rounding and its factors add 6 u; the last sums 4 u √n each.
  static func gradients(
    _ p: AttentionProblem, _ dy: [Float], _ q: [Float], _ k: [Float], _ v: [Float]
  ) -> [Expected] {
    var dq = Sums(
      values: [Double](repeating: 0, count: p.queryCount), magnitudes: [Double](repeating: 0, count: p.queryCount))
    var dk = Sums(
      values: [Double](repeating: 0, count: p.keyCount), magnitudes: [Double](repeating: 0, count: p.keyCount))
    var dv = dk
    let root = { (n: Int) in 4 * unit * Double(n).squareRoot() }
    for batch in 0..<p.batch {
      for head in 0..<p.heads {
        for query in 0..<p.queries {
          let place = ((batch * p.queries + query) * p.heads + head) * p.width
          let seen = p.isCausal ? min(query + 1, p.keys) : p.keys
          let keys = (0..<seen).map { ((batch * p.keys + $0) * p.heads + head) * p.width }
          let scores = keys.map { score(p, q, place, k, $0) }
          let largest = scores.map(\.value).max() ?? .nan
          let scoreError = scores.map(\.error).max() ?? 0
          let weights = scores.map { exp($0.value - largest) }
          let sum = weights.reduce(0, +)
          let ps = weights.map { $0 / sum }
          let relative = scores.map {
            2 * scoreError + (16 + 2 * (largest - $0.value) + 2 * abs(largest)) * unit + 2 * root(seen)
          }
          let parts = keys.map { key in (0..<p.width).map { Double(dy[place + $0]) * Double(v[key + $0]) } }
          let dps = parts.map { $0.reduce(0, +) }
          let sizes = parts.map { $0.reduce(0) { $0 + abs($1) } }
          let product = zip(ps, dps).reduce(0) { $0 + $1.0 * $1.1 }
          let productSize = zip(ps, sizes).reduce(0) { $0 + $1.0 * $1.1 }
          let productError =
            (zip(ps.indices, relative).reduce(0) { $0 + ps[$1.0] * sizes[$1.0] * $1.1 })
            + (root(p.width) + root(seen)) * productSize
          for (index, key) in keys.enumerated() {
            let scale = Double(p.scale)
            let ds = scale * ps[index] * (dps[index] - product)
            let error =
              scale * ps[index]
              * (relative[index] * abs(dps[index] - product) + root(p.width) * sizes[index] + productError
                + 6 * unit * (abs(dps[index]) + abs(product)))
            for c in 0..<p.width {
              let (queryValue, keyValue) = (Double(q[place + c]), Double(k[key + c]))
              dq.values[place + c] += ds * keyValue
              dq.magnitudes[place + c] += (error + root(seen) * abs(ds)) * abs(keyValue)
              dk.values[key + c] += ds * queryValue
              dk.magnitudes[key + c] += (error + root(p.queries) * abs(ds)) * abs(queryValue)
              let part = ps[index] * Double(dy[place + c])
              dv.values[key + c] += part
              dv.magnitudes[key + c] += (relative[index] + root(p.queries)) * abs(part)
            }
          }
        }
      }
    }
    return [dq, dk, dv].map { sums in
      .floats(sums.values, allowed: zip(sums.values, sums.magnitudes).map { $1 + 2 * ulp($0) })
    }
  }

  private static func score(
    _ p: AttentionProblem, _ q: [Float], _ query: Int, _ k: [Float], _ key: Int
  ) -> (value: Double, error: Double) {
    var (sum, size) = (0.0, 0.0)
    for c in 0..<p.width {
      let product = Double(q[query + c]) * Double(k[key + c])
      sum += product
      size += abs(product)
    }
    let scale = Double(p.scale)
    return (sum * scale, scale * (4 * unit * Double(p.width).squareRoot() * size + 2 * unit * abs(sum)))
  }
}
