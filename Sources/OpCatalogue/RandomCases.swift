import Compute
import Foundation

extension OpCatalogue {
  private static let keys = ["seed=0", "seed=42 stream=1 step=2", "seed=-1 stream=4294967295 step=4294967295"]
  private static let anyKey: @Sendable (inout CaseRandom) -> Parameters = {
    [
      "n": extentBelow(258, &$0), "seed": Int(truncatingIfNeeded: $0.next()), "stream": $0.int(0...(1 << 32 - 1)),
      "step": $0.int(0...(1 << 32 - 1)),
    ]
  }

  private static func key(_ parameters: Parameters) throws -> RandomKey {
    RandomKey(
      seed: UInt64(bitPattern: Int64(try parameters.int("seed"))),
      stream: UInt32(truncatingIfNeeded: try parameters.int("stream", 0)),
      step: UInt32(truncatingIfNeeded: try parameters.int("step", 0)))
  }

  static let fillRandom = Op(
    name: "fillRandom", functions: ["fillRandom"], bound: "uniform the same bits; normal 8 ulp of its radius",
    suite: ["uniform", "normal"].flatMap { kind in
      [1, 3, 4, 65, 257, 70_001].flatMap { n in keys.map { listed("n=\(n) \($0)").with("kind", kind) } }
    }, tinyCount: 15,
    random: { anyKey(&$0).with("kind", $0.pick(["uniform", "normal"])) }
  ) { parameters in
    let count = try parameters.int("n")
    let kind: RandomDistribution = try parameters.choice("kind")
    let key = try key(parameters)
    var made = OpCase(
      operation: "fillRandom", parameters: parameters, arrays: [.output("y", [count])], fills: [.constant],
      bytesMoved: 4 * count,
      run: { device, a in try device.fillRandom(kind, key, into: a[0]) },
      reference: { _, _ in
        guard kind == .normal else { return [.exact(RandomReference.uniform(key, count))] }
        let normal = RandomReference.normal(key, count)
        return [.floats(normal.map(\.value), allowed: normal.map(\.error))]
      })
    made.isUniformByNature = count == 1
    return made
  }

  static let sample = Op(
    name: "sample", functions: ["sample"], bound: "that of normals times the deviation, 8 u of it, an ulp of the sum",
    suite: [1, 3, 65, 257, 4099].flatMap { n in keys.map { listed("n=\(n) \($0)") } }, tinyCount: 9, random: anyKey
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let key = try key(parameters)
    var made = OpCase(
      operation: "sample", parameters: parameters,
      arrays: [.input("means", shape), .input("logVariances", shape), .output("z", shape)],
      fills: [.normal, .integer, .offset, .poison], bytesMoved: 12 * shape.count,
      run: { device, a in try device.sample(means: a[0], logVariances: a[1], key, into: a[2]) },
      reference: { h, _ in
        let normal = RandomReference.normal(key, shape.count)
        var (values, allowed) = ([Double](), [Double]())
        for index in normal.indices {
          let x = Double(h[1][index])
          let clamped = x.isNaN ? x : min(max(x, -30), 20)
          let deviation = exp(clamped / 2)
          values.append(Double(h[0][index]) + deviation * normal[index].value)
          allowed.append(
            deviation * (normal[index].error + (8 + abs(clamped)) * unit * abs(normal[index].value))
              + ulp(values[index]))
        }
        return [.floats(values, allowed: allowed)]
      })
    made.isUniformByNature = true
    return made
  }

  static let sampleBackward = Op(
    name: "sampleBackward", functions: ["sampleBackward"], bound: "2 u (|z| + |mean|) |dz|",
    suite: [1, 7, 16, 65, 257, 4099].map { ["n": $0] }, tinyCount: 5, random: { ["n": extentBelow(258, &$0)] }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    var made = OpCase(
      operation: "sampleBackward", parameters: parameters,
      arrays: [
        .input("dz", shape), .input("means", shape), .input("z", shape), .input("logVariances", shape),
        .output("gradient", shape),
      ],
      fills: [.normal, .offset, .integer], bytesMoved: 20 * shape.count,
      run: { device, a in
        try device.sampleBackward(means: a[1], logVariances: a[3], z: a[2], outputGradient: a[0], into: a[4])
      },
      reference: { h, _ in
        let slopes = (0..<shape.count).map { index -> Double in
          (-30...20).contains(h[3][index]) ? (Double(h[2][index]) - Double(h[1][index])) / 2 : 0
        }
        let values = zip(slopes, h[0]).map { $0 * Double($1) }
        return [
          .floats(
            values,
            allowed: values.indices.map {
              slopes[$0] == 0
                ? 0 : 2 * unit * Double(abs(h[0][$0])) * Double(abs(h[1][$0]) + abs(h[2][$0])) + ulp(values[$0])
            })
        ]
      })
    made.isUniformByNature = true
    return made
  }
}

/// Philox4x32-10 word by word, and Box and Muller in Double.
enum RandomReference {
  /// Salmon et al. 2011, section 3.3; the round of figure 2.
  static func words(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let a = c[0].multipliedFullWidth(by: 0xD251_1F53)
      let b = c[2].multipliedFullWidth(by: 0xCD9E_8D57)
      c = [b.high ^ c[1] ^ k[0], b.low, a.high ^ c[3] ^ k[1], a.low]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }

  static func uniform(_ key: RandomKey, _ count: Int) -> [Double] {
    let seed = [UInt32(truncatingIfNeeded: key.seed), UInt32(truncatingIfNeeded: key.seed >> 32)]
    return (0..<((count + 3) / 4)).flatMap { counter in
      words([UInt32(counter), 0, key.stream, key.step], seed).map { (Double($0 >> 9) + 0.5) * 0x1p-23 }
    }.prefix(count).map { $0 }
  }

  /// 8 ulp of the radius: its logarithm's 3, of which the root leaves half, the root's 3, and 4 for sine and cosine, which
  /// are at most 1.
  static func normal(_ key: RandomKey, _ count: Int) -> [(value: Double, error: Double)] {
    let pairs = uniform(key, (count + 1) / 2 * 2)
    return (0..<count).map { index in
      let (u, v) = (pairs[index / 2 * 2], pairs[index / 2 * 2 + 1])
      let radius = (-2 * log(u)).squareRoot()
      return (radius * (index % 2 == 0 ? cos(2 * .pi * v) : sin(2 * .pi * v)), 8 * ulp(radius))
    }
  }
}
