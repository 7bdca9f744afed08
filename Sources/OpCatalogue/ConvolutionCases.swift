import Compute

/// Parameters written as text in a list of the source; a mistake there is our own.
func listed(_ text: String) -> Parameters {
  guard let parameters = try? Parameters(parsing: text) else { preconditionFailure("'\(text)' is malformed.") }
  return parameters
}

extension Parameters {
  /// `k=3`, or `kh=1 kw=5`; likewise stride and dilation.
  func extent(_ name: String, _ fallback: Int = 1) throws(CaseError) -> Extent2D {
    let both = try int(name, fallback)
    return Extent2D(try int("\(name)h", both), try int("\(name)w", both))
  }

  /// `p=1`, or `pt=0 pl=3 pb=0 pr=1`.
  func padding() throws(CaseError) -> Padding {
    let all = try int("p", 0)
    return Padding(
      top: try int("pt", all), left: try int("pl", all), bottom: try int("pb", all), right: try int("pr", all))
  }

  func picture() throws(CaseError) -> Shape { [try int("n", 1), try int("h"), try int("w"), try int("c")] }
}

extension OpCatalogue {
  /// Around the widths of vectors, panels and tiles: 1, primes, one less and one more; then layers of real networks.
  private static let convolutions = [
    "h=1 w=1 c=1 o=1 k=1", "h=7 w=5 c=17 o=16 k=1", "n=3 h=6 w=7 c=15 o=65 k=1 bias=1 act=relu6",
    "h=12 w=11 c=3 o=32 k=3 s=2 pb=1 pr=1 bias=1 act=relu6", "n=2 h=13 w=8 c=5 o=33 k=3 p=1 bias=1 residual=1",
    "h=5 w=7 c=6 o=9 kh=5 kw=2 sh=3 sw=1 pt=4 pr=1", "h=9 w=10 c=4 o=7 kh=1 kw=5 pl=3 pr=1 act=silu bias=1",
    "h=6 w=5 c=12 o=8 k=3 p=1 g=4", "n=3 h=9 w=11 c=19 o=19 k=3 p=1 g=19 bias=1 act=relu6",
    "h=10 w=6 c=8 o=8 k=3 p=2 d=2 g=8 residual=1", "h=1 w=1 c=1 o=1 k=3 p=1", "n=2 h=4 w=4 c=16 o=16 k=5 p=4 g=16",
    "h=6 w=5 c=1 o=3 k=3 p=1", "h=9 w=8 c=17 o=17 kh=3 kw=5 sh=1 sw=2 p=1 g=17",
    "h=6 w=5 c=16 o=16 k=3 d=2 pt=1 pl=1 pb=6 pr=6 g=16", "h=5 w=6 c=35 o=35 kh=3 kw=5 p=1 g=35",
    "h=3 w=6 c=16 o=17 k=3 p=1 bias=1 algorithm=winograd2", "h=6 w=5 c=16 o=3 k=3 p=1 residual=1 algorithm=winograd4",
    "h=3 w=2 c=4 o=35 k=1 bias=1", "h=4 w=3 c=2 o=5 k=1 pr=1", "h=3 w=4 c=2 o=37 k=1 pb=1 bias=1",
    // The tiny ones end here.
    "h=9 w=49 c=8 o=31 k=1 s=2", "h=5 w=67 c=16 o=17 k=3 p=1 residual=1 act=relu", "h=11 w=13 c=7 o=8 k=3 p=2 d=2",
    "h=8 w=8 c=2 o=3 k=7 p=3 act=gelu bias=1", "n=3 h=3 w=3 c=2 o=2 k=3",
    "n=2 h=5 w=7 c=6 o=12 kh=3 kw=1 s=2 pt=1 pb=1 g=3",
    "h=7 w=9 c=8 o=16 k=3 p=1 g=8", "h=14 w=15 c=33 o=33 k=5 s=2 pt=1 pl=1 pb=2 pr=2 g=33", "h=1 w=257 c=3 o=5 k=1",
    "h=257 w=1 c=3 o=5 kh=3 kw=1 pt=1 pb=1", "h=16 w=16 c=31 o=63 k=3 p=1", "h=16 w=16 c=32 o=64 k=3 p=1",
    "h=17 w=17 c=33 o=65 k=3 p=1", "n=3 h=8 w=7 c=64 o=129 k=1 bias=1 residual=1", "h=23 w=29 c=13 o=37 k=2 s=2",
    "h=15 w=14 c=128 o=1 k=3 p=1", "h=2 w=3 c=257 o=2 k=1", "h=31 w=33 c=1 o=17 k=5 p=2 s=3 act=tanh",
    "h=9 w=9 c=16 o=48 k=3 p=1 g=2 bias=1", "h=33 w=31 c=7 o=7 k=7 p=3 g=7 act=sigmoid",
    "h=19 w=23 c=15 o=15 k=3 s=2 p=1 g=15",
    "h=19 w=23 c=16 o=16 k=3 s=2 p=1 g=16", "h=19 w=23 c=17 o=17 k=3 s=3 p=1 g=17 bias=1 residual=1 act=geluQuick",
    "h=64 w=64 c=3 o=32 k=3 s=2 pb=1 pr=1 bias=1 act=relu6", "h=28 w=28 c=40 o=240 k=1 bias=1 act=relu6",
    "h=28 w=28 c=240 o=40 k=1 bias=1 residual=1",
    "h=28 w=28 c=240 o=240 k=5 s=2 pt=1 pl=1 pb=2 pr=2 g=240 bias=1 act=relu6",
    "h=14 w=14 c=112 o=112 k=5 p=2 g=112 bias=1 act=relu6", "h=14 w=14 c=64 o=64 k=3 p=1 bias=1 act=relu",
    // Rows left out between windows; strides that differ; rows too long for a ring in local memory.
    "h=13 w=19 c=18 o=18 k=1 s=3 g=18", "h=9 w=40 c=17 o=17 k=3 sh=1 sw=3 p=1 g=17",
    "h=7 w=41 c=16 o=16 k=3 sh=1 sw=2 p=1 g=16", "h=8 w=21 c=20 o=20 kh=5 kw=7 pl=3 pr=3 g=20",
    "h=3 w=5000 c=2 o=2 k=5 p=2 g=2 bias=1",
    "h=7 w=7 c=320 o=128 k=1 bias=1", "h=28 w=28 c=64 o=32 k=1 s=2", "h=32 w=32 c=3 o=16 k=7 s=2 p=3 act=relu bias=1",
  ].map(listed)

  /// One tile, parts of tiles at each edge, blocks of tiles that end within a picture, panels that end within a vector.
  private static let winograd =
    ["winograd2", "winograd4"].flatMap { algorithm in
      [
        "h=1 w=1 c=16 o=1 k=3 p=1", "h=5 w=3 c=16 o=17 k=3 bias=1 act=relu6",
        "n=3 h=4 w=7 c=32 o=5 k=3 p=1 residual=1", "h=9 w=11 c=16 o=33 k=3 pt=2 pl=1 pr=2 bias=1 residual=1 act=silu",
        "h=13 w=14 c=48 o=65 k=3 p=1", "n=2 h=19 w=23 c=16 o=16 k=3 p=1", "h=35 w=33 c=16 o=8 k=3 p=1 bias=1 act=relu",
        "h=8 w=8 c=256 o=31 k=3 p=1", "h=14 w=14 c=64 o=64 k=3 p=1 bias=1 act=relu",
        // Few tiles by several panels, whose weights are transformed with the inputs, and many.
        "n=3 h=5 w=9 c=80 o=161 k=3 p=1 bias=1 residual=1 act=relu", "h=3 w=13 c=48 o=70 k=3 pt=2 pl=1 act=silu",
        "n=2 h=21 w=22 c=48 o=65 k=3 p=1 bias=1 residual=1 act=relu6",
      ].map { listed($0 + " algorithm=\(algorithm)") }
    }
    + ["h=17 w=16 c=32 o=40 k=3 p=1 algorithm=automatic", "h=4 w=4 c=64 o=32 k=3 p=1 algorithm=automatic"].map(listed)

  static let convolve = Op(
    name: "convolve", functions: ["convolve"],
    bound: "4 u √k Σ|xw| + 2 ulp, rms 1.2 u √k; winograd4 4 times that, both of the largest in a tile",
    suite: convolutions + winograd, tinyCount: 21,
    random: { random in
      if random.int(0...4) == 0 {
        return
          ([
            "n": random.pick([1, 1, 2, 3]), "h": random.int(3...33), "w": random.int(3...33),
            "c": random.pick([16, 32, 48, 64]), "o": extentBelow(130, &random), "k": 3, "pt": random.int(0...2),
            "pl": random.int(0...2), "pb": random.int(0...2), "pr": random.int(0...2), "bias": random.int(0...1),
            "residual": random.int(0...1),
          ] as Parameters).with("act", "\(random.pick(Activation.allCases))")
          .with("algorithm", random.pick(["winograd2", "winograd4", "automatic"]))
      }
      let kernel = [random.pick([1, 1, 2, 3, 3, 5, 7]), random.pick([1, 1, 2, 3, 3, 5, 7])]
      let dilation = random.pick([1, 1, 1, 2, 3])
      let kind = random.int(0...3)
      let groups = kind == 0 ? random.pick([1, 2, 3, 7, 16, 17, 33]) : (kind == 1 ? random.pick([2, 3, 4]) : 1)
      let depth = kind == 0 ? 1 : extentBelow(130, &random)
      let outputs = kind == 0 ? random.pick([1, 1, 2]) : extentBelow(130, &random)
      // Large enough for the kernel's reach, without padding.
      let reach = kernel.map { dilation * ($0 - 1) }
      var p: Parameters = [
        "n": random.pick([1, 1, 2, 3]), "h": reach[0] + extentBelow(33, &random),
        "w": reach[1] + extentBelow(65, &random),
        "c": groups * depth, "o": groups * outputs, "kh": kernel[0], "kw": kernel[1], "sh": random.int(1...3),
        "sw": random.int(1...3), "d": dilation, "g": groups, "bias": random.int(0...1), "residual": random.int(0...1),
      ]
      for (side, size) in zip(["pt", "pl", "pb", "pr"], kernel + kernel) where random.int(0...1) == 1 {
        p[side] = "\(random.int(0...(size - 1)))"
      }
      return p.with("act", "\(random.pick(Activation.allCases))")
    }
  ) { parameters in
    let input = try parameters.picture()
    let kernel = try parameters.extent("k")
    let groups = try parameters.int("g", 1)
    let p = try ConvolutionProblem(
      input: input, weight: [kernel.height, kernel.width, input[3] / max(groups, 1), parameters.int("o")],
      stride: parameters.extent("s"), padding: parameters.padding(), dilation: parameters.extent("d"), groups: groups,
      algorithm: parameters.choice("algorithm", .direct))
    let isDirect = p.chosenAlgorithm == .direct
    let (bias, residual) = (try parameters.flag("bias"), try parameters.flag("residual"))
    let activation: Activation = try parameters.choice("act", Activation.none)
    var arrays: [OpArray] = [
      .input("x", input),
      // Zeros of the padding may be multiplied with a weight that is no number, or be left out.
      .input("w", [kernel.height, kernel.width, input[3] / groups, p.outputChannels], takesIntruders: p.padding == 0),
    ]
    if bias { arrays.append(.input("bias", [p.outputChannels])) }
    if residual { arrays.append(.input("residual", p.output)) }
    arrays.append(.output("y", p.output))
    let last = arrays.count - 1
    var made = OpCase(
      operation: "convolve", parameters: parameters, arrays: arrays,
      // A transform gives a tile's other outputs NaN for an infinity, or an infinity of the other sign.
      fills: [.normal, .positive, .integer, .onehot, .poison] + (isDirect ? [.infinite] : []),
      floatingPointOperations: p.floatingPointOperations,
      bytesMoved: p.bytesMoved + 4 * ((bias ? p.outputChannels : 0) + (residual ? p.outputCount : 0)),
      run: { device, a in
        let epilogue = Epilogue(
          bias: bias ? a[2] : nil, residual: residual ? a[last - 1] : nil, activation: activation)
        try device.convolve(p, a[0], a[1], epilogue: epilogue, into: a[last])
      },
      reference: { h, fill in
        var sums = ConvolutionReference.sums(p, h[0], h[1])
        for index in sums.values.indices {
          if bias { sums.add(Double(h[2][index % p.outputChannels]), at: index) }
          if residual { sums.add(Double(h[last - 1][index]), at: index) }
        }
        let length = p.kernel.height * p.kernel.width * p.inputChannels / p.groups + 2
        guard !isDirect else { return [sums.expected(length: length, exact: fill.isExact).activated(activation)] }
        let sizes = WinogradReference.magnitudes(p, h[0], h[1])
        for index in sums.values.indices { sums.magnitudes[index] += sizes[index] }
        let factor: Double = p.chosenAlgorithm == .winograd4 ? 4 : 1
        return [sums.expected(length: length, exact: false).scaled(factor).activated(activation)]
      })
    if !bias, !residual, activation == .none, isDirect {
      made.adjoint = { h, y in ConvolutionReference.scattered(p, y, h[1]) }
    }
    // A padded 1 x 1 picture, or one output, may well be uniform.
    made.isUniformByNature = fillsUniformly(activation) || p.outputCount <= 64
    return made
  }

  /// Random data through these is half zeros at most, but whole numbers may all be negative somewhere.
  private static func fillsUniformly(_ activation: Activation) -> Bool { activation != .none }
}

extension Sums {
  mutating func add(_ term: Double, at index: Int) {
    values[index] += term
    magnitudes[index] += abs(term)
  }
}

/// Convolutions in Double, by gathering and by scattering.
enum ConvolutionReference {
  static func sums(
    _ p: ConvolutionProblem, _ x: [some BinaryFloatingPoint], _ w: [some BinaryFloatingPoint]
  ) -> Sums {
    let depth = p.inputChannels / p.groups
    let outputsPerGroup = p.outputChannels / p.groups
    var sums = Sums()
    sums.values.reserveCapacity(p.outputCount)
    sums.magnitudes.reserveCapacity(p.outputCount)
    var line = [Double](repeating: 0, count: p.outputChannels)
    var sizes = line
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        for column in 0..<p.outputWidth {
          for o in 0..<p.outputChannels { (line[o], sizes[o]) = (0, 0) }
          forEachTap(p, row, column) { tap, v, u in
            let pixel = ((picture * p.height + v) * p.width + u) * p.inputChannels
            for group in 0..<p.groups {
              for c in 0..<depth {
                let value = Double(x[pixel + group * depth + c])
                let weights = (tap * depth + c) * p.outputChannels
                for o in (group * outputsPerGroup)..<((group + 1) * outputsPerGroup) {
                  let product = value * Double(w[weights + o])
                  line[o] += product
                  sizes[o] += abs(product)
                }
              }
            }
          }
          sums.values += line
          sums.magnitudes += sizes
        }
      }
    }
    return sums
  }

  /// Jᵀ·y: every output is given back to the pixels that made it.
  static func scattered(_ p: ConvolutionProblem, _ y: [Double], _ w: [Float]) -> [Double] {
    let depth = p.inputChannels / p.groups
    let outputsPerGroup = p.outputChannels / p.groups
    var x = [Double](repeating: 0, count: p.inputCount)
    for index in y.indices {
      let (pixel, o) = (index / p.outputChannels, index % p.outputChannels)
      let (picture, place) = (pixel / (p.outputHeight * p.outputWidth), pixel % (p.outputHeight * p.outputWidth))
      forEachTap(p, place / p.outputWidth, place % p.outputWidth) { tap, v, u in
        for c in 0..<depth {
          let target = ((picture * p.height + v) * p.width + u) * p.inputChannels + o / outputsPerGroup * depth + c
          x[target] += y[index] * Double(w[(tap * depth + c) * p.outputChannels + o])
        }
      }
    }
    return x
  }

  static func forEachTap(_ p: ConvolutionProblem, _ row: Int, _ column: Int, _ body: (Int, Int, Int) -> Void) {
    for r in 0..<p.kernel.height {
      let v = row * p.stride.height + r * p.dilation.height - p.padding.top
      guard (0..<p.height).contains(v) else { continue }
      for t in 0..<p.kernel.width {
        let u = column * p.stride.width + t * p.dilation.width - p.padding.left
        if (0..<p.width).contains(u) { body(r * p.kernel.width + t, v, u) }
      }
    }
  }
}

/// An extent below a limit, mostly near the sizes where tiles begin and end.
func extentBelow(_ limit: Int, _ random: inout CaseRandom) -> Int {
  let pool = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257].filter { $0 < limit }
  return random.int(0...3) == 0 ? random.int(1...(limit - 1)) : random.pick(pool)
}
