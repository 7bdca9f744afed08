import Compute
import Foundation

extension OpCatalogue {
  static let resample = Op(
    name: "resample", functions: ["resample"], bound: "nearest the same bits; 4 u Σ|wx| + 2 ulp",
    suite: ResamplingProblem.Mode.allCases.flatMap { mode in
      [
        "h=1 w=1 c=1 oh=1 ow=1", "h=3 w=5 c=2 oh=7 ow=4", "n=3 h=4 w=4 c=17 oh=8 ow=8", "h=7 w=1 c=3 oh=2 ow=9",
        "h=5 w=9 c=1 oh=1 ow=1", "h=8 w=8 c=5 oh=4 ow=4", "h=16 w=16 c=112 oh=32 ow=32", "h=32 w=32 c=1 oh=256 ow=256",
        "h=17 w=31 c=33 oh=31 ow=17", "n=2 h=13 w=11 c=8 oh=64 ow=65", "h=100 w=75 c=3 oh=33 ow=47",
        "h=1 w=257 c=1 oh=3 ow=100",
      ].map { listed($0).with("mode", "\(mode)") }
    }, tinyCount: 6,
    random: { random in
      let p: Parameters = [
        "n": random.pick([1, 2, 3]), "h": extentBelow(66, &random), "w": extentBelow(66, &random),
        "c": extentBelow(34, &random), "oh": extentBelow(66, &random), "ow": extentBelow(66, &random),
      ]
      return p.with("mode", "\(random.pick(ResamplingProblem.Mode.allCases))")
    }
  ) { parameters in
    let p = try resamplingProblem(parameters)
    var made = OpCase(
      operation: "resample", parameters: parameters, arrays: [.input("x", p.input), .output("y", p.output)],
      fills: p.mode == .nearest
        ? [.normal, .index, .huge, .poison, .infinite] : [.normal, .integer, .index, .offset, .constant],
      bytesMoved: p.bytesMoved,
      run: { device, a in try device.resample(p, a[0], into: a[1]) },
      reference: { h, _ in [resampled(p, h[0])] })
    made.adjoint = { _, y in
      var x = [Double](repeating: 0, count: p.inputCount)
      forEachShare(p) { output, pixel, weight in x[pixel] += weight * y[output] }
      return x
    }
    made.isUniformByNature = true
    return made
  }

  private static func resamplingProblem(_ parameters: Parameters) throws -> ResamplingProblem {
    try ResamplingProblem(
      parameters.choice("mode"), input: parameters.picture(), outputHeight: parameters.int("oh"),
      outputWidth: parameters.int("ow"))
  }

  static let resampleBackward = Op(
    name: "resampleBackward", functions: ["resampleBackward"], bound: "4 u √(outputs of a pixel) Σ|w dy| + 2 ulp",
    suite: resample.suite, tinyCount: resample.tinyCount, random: resample.random
  ) { parameters in
    let p = try resamplingProblem(parameters)
    var made = OpCase(
      operation: "resampleBackward", parameters: parameters,
      // A share of 0 may be multiplied with a gradient that is no number, or be left out.
      arrays: [.input("dy", p.output, takesIntruders: p.mode == .nearest), .output("dx", p.input)],
      fills: [.normal, .integer, .offset, .constant] + (p.mode == .nearest ? [.poison] : []),
      bytesMoved: p.bytesMoved,
      run: { device, a in try device.resampleBackward(p, outputGradient: a[0], into: a[1]) },
      reference: { h, _ in
        let zeros = [Double](repeating: 0, count: p.inputCount)
        var (values, magnitudes, terms) = (zeros, zeros, zeros)
        forEachShare(p) { output, pixel, weight in
          values[pixel] += weight * Double(h[0][output])
          magnitudes[pixel] += weight * Double(abs(h[0][output]))
          terms[pixel] += 1
        }
        return [
          .floats(
            values,
            allowed: values.indices.map { 4 * unit * terms[$0].squareRoot() * magnitudes[$0] + 2 * ulp(values[$0]) }
          )
        ]
      })
    made.adjoint = { _, y in
      var sums = [Double](repeating: 0, count: p.outputCount)
      forEachShare(p) { output, pixel, weight in sums[output] += weight * y[pixel] }
      return sums
    }
    made.isUniformByNature = true
    return made
  }

  /// Weights are products of two numbers that Float32 rounds, and four terms are added: 4 units of Σ|terms|, and the
  /// positions' own rounding, which documented Float32 arithmetic fixes.
  private static func resampled(_ p: ResamplingProblem, _ x: [Float]) -> Expected {
    var sums = Sums(
      values: [Double](repeating: 0, count: p.outputCount), magnitudes: [Double](repeating: 0, count: p.outputCount))
    if p.mode == .nearest {
      forEachShare(p) { output, pixel, _ in sums.values[output] = Double(x[pixel]) }
      return .exact(sums.values)
    }
    forEachShare(p) { output, pixel, weight in
      sums.values[output] += weight * Double(x[pixel])
      sums.magnitudes[output] += weight * Double(abs(x[pixel]))
    }
    return .floats(
      sums.values, allowed: sums.values.indices.map { 4 * unit * sums.magnitudes[$0] + 2 * ulp(sums.values[$0]) })
  }

  /// Which pixels make an output, and their shares.
  private static func forEachShare(_ p: ResamplingProblem, _ body: (Int, Int, Double) -> Void) {
    func sources(_ input: Int, _ output: Int, _ position: Int) -> [(Int, Double)] {
      // Float32 on purpose: this much of the arithmetic is part of the definition.
      let place: Float
      switch p.mode {
      case .nearest:
        return [(min(Int((Float(position) * (Float(input) / Float(output))).rounded(.down)), input - 1), 1)]
      case .bilinearHalfPixel: place = (Float(position) + 0.5) * (Float(input) / Float(output)) - 0.5
      case .bilinearAlignCorners: place = Float(position) * (output > 1 ? Float(input - 1) / Float(output - 1) : 0)
      }
      let clamped = max(place, 0)
      let low = min(Int(clamped), input - 1)
      let share = Double(clamped) - Double(low)
      return [(low, 1 - share), (min(low + 1, input - 1), share)]
    }
    var output = 0
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        for column in 0..<p.outputWidth {
          let rows = sources(p.height, p.outputHeight, row)
          let columns = sources(p.width, p.outputWidth, column)
          for channel in 0..<p.channels {
            for (v, a) in rows {
              for (u, b) in columns {
                body(output, ((picture * p.height + v) * p.width + u) * p.channels + channel, a * b)
              }
            }
            output += 1
          }
        }
      }
    }
  }

  static let filter = Op(
    name: "filter", functions: ["filter"], bound: "4 u √(2 taps) Σ|wx| + 2 ulp",
    suite: [
      "h=1 w=1 r=0", "n=3 h=5 w=7 r=1", "h=4 w=9 r=3", "h=3 w=2 r=16", "h=1 w=13 r=2", "h=17 w=1 r=5", "h=33 w=31 r=16",
      "n=2 h=64 w=65 r=4", "h=128 w=96 r=16", "h=7 w=257 r=9",
    ].map(listed), tinyCount: 6,
    random: { random in
      [
        "n": random.pick([1, 2, 3]), "h": extentBelow(66, &random), "w": extentBelow(66, &random),
        "r": random.int(0...20),
      ]
    }
  ) { parameters in
    let p = try FilteringProblem(
      batch: parameters.int("n", 1), height: parameters.int("h"), width: parameters.int("w"),
      radius: parameters.int("r"))
    let shape: Shape = [p.batch, p.height, p.width]
    var made = OpCase(
      operation: "filter", parameters: parameters,
      arrays: [.input("x", shape), .input("taps", [p.tapCount]), .output("y", shape)],
      fills: [.normal, .positive, .integer, .onehot],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: p.bytesMoved,
      run: { device, a in try device.filter(p, a[0], taps: a[1], into: a[2]) },
      reference: { h, fill in
        let pass = { (x: [Double], taps: [Double]) in
          filtered(p, filtered(p, x, taps, alongRows: true), taps, alongRows: false)
        }
        let sums = Sums(
          values: pass(h[0].map(Double.init), h[1].map(Double.init)),
          magnitudes: pass(h[0].map { Double(abs($0)) }, h[1].map { Double(abs($0)) }))
        // Two passes: the second one's terms carry the errors of the first. At the edges a pixel meets several taps, and
        // where a map is narrow they cancel in every output.
        return [sums.expected(length: 2 * p.tapCount, exact: fill.isExact && p.radius <= 100, isIndependent: false)]
      })
    made.adjoint = { h, y in
      let taps = h[1].map(Double.init)
      return unfiltered(p, unfiltered(p, y, taps, alongRows: false), taps, alongRows: true)
    }
    made.isUniformByNature = p.count <= 64
    return made
  }

  private static func filtered(_ p: FilteringProblem, _ x: [Double], _ taps: [Double], alongRows: Bool) -> [Double] {
    var y = [Double](repeating: 0, count: x.count)
    forEachTap(p, alongRows) { target, source, k in y[target] += taps[k] * x[source] }
    return y
  }

  private static func unfiltered(_ p: FilteringProblem, _ y: [Double], _ taps: [Double], alongRows: Bool) -> [Double] {
    var x = [Double](repeating: 0, count: y.count)
    forEachTap(p, alongRows) { target, source, k in x[source] += taps[k] * y[target] }
    return x
  }

  private static func forEachTap(_ p: FilteringProblem, _ alongRows: Bool, _ body: (Int, Int, Int) -> Void) {
    let extent = alongRows ? p.width : p.height
    for target in 0..<p.count {
      let position = alongRows ? target % p.width : target / p.width % p.height
      for k in 0..<p.tapCount {
        // d c b a | a b c d | d c b a, as often as the radius asks for.
        var source = position + k - p.radius
        while source < 0 || source >= extent { source = source < 0 ? -1 - source : 2 * extent - 1 - source }
        body(target, target + (source - position) * (alongRows ? 1 : p.width), k)
      }
    }
  }
}
