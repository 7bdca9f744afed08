import Compute

extension OpCatalogue {
  static let pool = Op(
    name: "pool", functions: ["pool"], bound: "largest the same bits; 4 u k Σ|x| + 2 ulp",
    suite: ["kind=max ", "kind=mean ", "kind=meanInside "].flatMap { kind in
      [
        "h=1 w=1 c=1 k=1", "h=5 w=7 c=3 k=3 s=2 p=1", "n=3 h=8 w=6 c=17 k=2", "h=7 w=7 c=5 k=7",
        "h=9 w=4 c=2 kh=3 kw=1 s=1",
        "h=6 w=9 c=1 k=3 s=1 p=1", "h=33 w=31 c=16 k=3 s=2 p=1", "n=2 h=15 w=17 c=33 k=5 s=3 p=2",
        "h=1 w=257 c=3 kh=1 kw=2 s=1",
        "h=28 w=28 c=40 k=3 s=1 p=1", "h=64 w=64 c=8 k=3 s=2 p=1", "h=16 w=16 c=112 k=16",
        "h=11 w=13 c=7 k=4 sh=1 sw=3 pt=2 pr=1",
      ].map { listed(kind + $0) }
    }, tinyCount: 6,
    random: { random in
      let kernel = [random.pick([1, 2, 3, 5]), random.pick([1, 2, 3, 7])]
      var p: Parameters = [
        "n": random.pick([1, 2, 3]), "h": kernel[0] - 1 + extentBelow(33, &random),
        "w": kernel[1] - 1 + extentBelow(33, &random), "c": extentBelow(66, &random), "kh": kernel[0], "kw": kernel[1],
        "sh": random.int(1...3), "sw": random.int(1...3),
      ]
      for (side, size) in zip(["pt", "pl", "pb", "pr"], kernel + kernel) { p[side] = "\(random.int(0...(size / 2)))" }
      return p.with("kind", random.pick(["max", "mean", "meanInside"]))
    }
  ) { parameters in
    let p = try poolingProblem(parameters)
    var made = OpCase(
      operation: "pool", parameters: parameters,
      arrays: [.input("x", try parameters.allInts(["n", "h", "w", "c"])), .output("y", p.output)],
      fills: [.normal, .integer, .index, .duplicates, .huge, .poison, .infinite],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: p.bytesMoved,
      run: { device, a in try device.pool(p, a[0], into: a[1]) },
      reference: { h, _ in [pooled(p, h[0])] })
    if p.kind != .maximum { made.adjoint = { _, y in spread(p, y) } }
    made.isUniformByNature =
      p.outputCount <= 64 || p.outputCount * 4 <= p.inputCount || p.kernel.height * p.kernel.width > 4
    return made
  }

  private static func poolingProblem(_ parameters: Parameters) throws -> PoolingProblem {
    let kind: PoolingProblem.Kind
    switch parameters["kind"] {
    case "max": kind = .maximum
    case "mean": kind = .average(paddingCounts: true)
    case "meanInside": kind = .average(paddingCounts: false)
    default: throw CaseError.malformed("kind is none of max, mean, meanInside")
    }
    let kernel = try parameters.extent("k")
    let stride = Extent2D(
      try parameters.int("sh", parameters.int("s", kernel.height)),
      try parameters.int("sw", parameters.int("s", kernel.width)))
    return try PoolingProblem(
      kind, input: parameters.picture(), kernel: kernel, stride: stride, padding: parameters.padding())
  }

  static let poolBackward = Op(
    name: "poolBackward", functions: ["poolBackward"], bound: "4 u √windows Σ|dy| + 2 ulp", suite: pool.suite,
    tinyCount: pool.tinyCount, random: pool.random
  ) { parameters in
    let p = try poolingProblem(parameters)
    let input: Shape = [p.batch, p.height, p.width, p.channels]
    var made = OpCase(
      operation: "poolBackward", parameters: parameters,
      arrays: [.input("dy", p.output), .input("x", input), .output("dx", input)],
      fills: [.normal, .integer, .index, .duplicates, .poison],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: 4 * (2 * p.inputCount + p.outputCount),
      run: { device, a in try device.poolBackward(p, a[1], outputGradient: a[0], into: a[2]) },
      reference: { h, fill in
        let values = given(p, h[0].map(Double.init), h[1])
        let sums = Sums(values: values, magnitudes: given(p, h[0].map { Double(abs($0)) }, h[1]))
        let windows = (p.kernel.height + p.stride.height) * (p.kernel.width + p.stride.width)
        // A mean divides each gradient, which rounds.
        return [sums.expected(length: windows, exact: p.kind == .maximum && fill.isExact, isIndependent: false)]
      })
    made.adjoint = { h, y in
      var sums: [Double] = []
      forEachWindow(p) { pixels, divisor in
        sums.append(
          p.kind == .maximum ? y[pixels[largest(pixels, h[1])]] : pixels.reduce(0) { $0 + y[$1] } / divisor)
      }
      return sums
    }
    made.isUniformByNature = true
    return made
  }

  /// What the pixels get of the outputs' gradients.
  private static func given(_ p: PoolingProblem, _ dy: [Double], _ x: [Float]) -> [Double] {
    guard p.kind == .maximum else { return spread(p, dy) }
    var dx = [Double](repeating: 0, count: p.inputCount)
    var index = 0
    forEachWindow(p) { pixels, _ in
      dx[pixels[largest(pixels, x)]] += dy[index]
      index += 1
    }
    return dx
  }

  /// Which of some pixels is the first largest one, or the last NaN.
  private static func largest(_ pixels: [Int], _ x: [Float]) -> Int {
    var best = 0
    for (index, pixel) in pixels.enumerated() where x[pixel] > x[pixels[best]] || x[pixel].isNaN { best = index }
    return best
  }

  private static func pooled(_ p: PoolingProblem, _ x: [Float]) -> Expected {
    var sums = Sums()
    var largest: [Double] = []
    forEachWindow(p) { pixels, divisor in
      var (sum, size, most) = (0.0, 0.0, -Double.infinity)
      for pixel in pixels {
        let value = Double(x[pixel])
        sum += value
        size += abs(value)
        most = value > most || value.isNaN ? value : most
        if most.isNaN { break }
      }
      if pixels.contains(where: { x[$0].isNaN }) { (sum, most) = (.nan, .nan) }
      sums.append(sum / divisor, size / divisor)
      largest.append(most)
    }
    // Division rounds once more, so means are never exact.
    return p.kind == .maximum
      ? .exact(largest) : sums.expected(length: p.kernel.height * p.kernel.width + 1, exact: false)
  }

  private static func spread(_ p: PoolingProblem, _ y: [Double]) -> [Double] {
    var x = [Double](repeating: 0, count: p.inputCount)
    var index = 0
    forEachWindow(p) { pixels, divisor in
      for pixel in pixels { x[pixel] += y[index] / divisor }
      index += 1
    }
    return x
  }

  /// The flat indices inside of the picture, and what a mean divides by, of each output in turn.
  private static func forEachWindow(_ p: PoolingProblem, _ body: ([Int], Double) -> Void) {
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        for column in 0..<p.outputWidth {
          var places: [Int] = []
          for r in 0..<p.kernel.height {
            for t in 0..<p.kernel.width {
              let (v, u) = (row * p.stride.height + r - p.padding.top, column * p.stride.width + t - p.padding.left)
              guard (0..<p.height).contains(v), (0..<p.width).contains(u) else { continue }
              places.append(((picture * p.height + v) * p.width + u) * p.channels)
            }
          }
          let whole = p.kind == .average(paddingCounts: true)
          let divisor = Double(whole ? p.kernel.height * p.kernel.width : places.count)
          for channel in 0..<p.channels { body(places.map { $0 + channel }, divisor) }
        }
      }
    }
  }
}

extension Parameters {
  func allInts(_ names: [String]) throws(CaseError) -> Shape {
    var extents: [Int] = []
    for name in names { extents.append(try int(name, name == "n" ? 1 : nil)) }
    return Shape(extents)
  }
}
