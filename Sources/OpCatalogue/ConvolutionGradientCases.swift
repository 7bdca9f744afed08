import Compute

extension OpCatalogue {
  /// Kernels before, at and beyond the stride, remainders without taps, dilations that share factors with the stride,
  /// padding wider than the kernel; then layers of real networks.
  private static let gradients = [
    "h=1 w=1 c=1 o=1 k=1", "h=7 w=5 c=17 o=16 k=1", "n=2 h=6 w=7 c=3 o=5 k=3 p=1", "h=9 w=8 c=5 o=9 k=3 s=2 p=1",
    "n=3 h=5 w=7 c=4 o=33 kh=5 kw=2 sh=3 sw=1 pt=4 pr=1", "h=8 w=9 c=7 o=6 k=1 s=2", "h=9 w=10 c=2 o=3 k=2 s=3 pl=1",
    "h=11 w=12 c=3 o=4 k=3 s=2 d=2 p=2", "h=13 w=11 c=2 o=5 k=3 s=3 d=2 p=3", "h=14 w=12 c=2 o=3 k=2 s=2 d=3 p=1",
    "n=2 h=4 w=4 c=16 o=16 k=3 p=1", "h=6 w=5 c=12 o=8 k=3 p=1 g=4", "h=9 w=8 c=6 o=12 k=3 s=2 p=1 g=3",
    "n=2 h=7 w=9 c=17 o=17 k=3 p=1 g=17", "h=9 w=11 c=35 o=35 kh=3 kw=5 sh=2 sw=1 p=1 g=35",
    "h=5 w=6 c=8 o=16 k=3 p=1 g=8",
    "h=9 w=8 c=5 o=9 k=3 s=2 p=1 accumulate=1", "h=8 w=9 c=7 o=6 k=1 s=2 accumulate=1",
    "h=9 w=8 c=6 o=12 k=3 s=2 p=1 g=3 accumulate=1", "n=2 h=7 w=9 c=17 o=17 k=3 p=1 g=17 accumulate=1",
    "h=6 w=5 c=12 o=8 k=3 p=1 g=4 accumulate=1", "h=2 w=3 c=3 o=2 k=1 p=2", "h=3 w=3 c=2 o=2 k=3",
    "h=5 w=4 c=2 o=3 k=2 s=5 p=1",
    // The tiny ones end here.
    "h=12 w=11 c=16 o=64 k=3 p=1", "h=33 w=31 c=8 o=31 k=3 p=1", "n=3 h=17 w=19 c=33 o=65 k=3 s=2 p=1",
    "h=64 w=64 c=3 o=32 k=7 s=2 p=3", "n=2 h=28 w=28 c=40 o=24 k=1", "h=28 w=28 c=64 o=32 k=1 s=2",
    "h=14 w=14 c=64 o=64 k=3 p=1", "n=8 h=8 w=8 c=48 o=32 k=3 p=1", "h=33 w=31 c=33 o=33 k=5 s=2 p=2 g=33",
    "n=2 h=48 w=50 c=16 o=16 k=3 p=1 g=16", "h=19 w=23 c=15 o=15 k=3 s=3 p=1 g=15", "h=1 w=257 c=3 o=5 kh=1 kw=4 sw=3",
    "h=70 w=65 c=2 o=129 k=2 s=2", "h=40 w=40 c=16 o=17 k=4 s=2 p=1", "h=16 w=16 c=128 o=64 k=2 s=2",
    "h=33 w=31 c=8 o=31 k=3 p=1 accumulate=1", "n=3 h=17 w=19 c=33 o=65 k=3 s=2 p=1 accumulate=1",
    "n=2 h=48 w=50 c=16 o=16 k=3 p=1 g=16 accumulate=1", "n=2 h=48 w=50 c=24 o=40 k=3 p=1 accumulate=1",
  ].map(listed)

  private static let winogradGradients = ["winograd2", "winograd4", "automatic"].flatMap { algorithm in
    [
      "h=5 w=6 c=16 o=16 k=3 p=1", "n=2 h=9 w=7 c=48 o=32 k=3 p=2", "h=14 w=14 c=64 o=64 k=3 p=1",
      "h=8 w=9 c=16 o=16 k=3", "n=2 h=9 w=7 c=48 o=32 k=3 p=1 accumulate=1", "h=5 w=7 c=16 o=32 k=3 p=3",
      "h=12 w=12 c=32 o=32 k=3 s=1 p=1",
    ].map { listed($0 + " algorithm=\(algorithm)") }
  }

  private static let randomGradient: @Sendable (inout CaseRandom) -> Parameters = { random in
    let kernel = [random.int(1...5), random.int(1...5)]
    let dilation = random.pick([1, 1, 1, 2, 3, 4])
    let kind = random.int(0...3)
    let groups = kind == 0 ? random.pick([1, 2, 3, 7, 16, 17, 33]) : (kind == 1 ? random.pick([2, 3, 4]) : 1)
    let reach = kernel.map { dilation * ($0 - 1) }
    var p: Parameters = [
      "n": random.pick([1, 1, 2, 3]), "h": reach[0] + random.int(1...24), "w": reach[1] + random.int(1...24),
      "c": groups * (kind == 0 ? 1 : extentBelow(70, &random)),
      "o": groups * (kind == 0 ? random.pick([1, 1, 2]) : extentBelow(70, &random)), "kh": kernel[0], "kw": kernel[1],
      "sh": random.int(1...4), "sw": random.int(1...4), "d": dilation, "g": groups, "accumulate": random.int(0...1),
    ]
    for side in ["pt", "pl", "pb", "pr"] where random.int(0...1) == 1 { p[side] = "\(random.int(0...5))" }
    return p
  }

  private static func problem(_ parameters: Parameters) throws -> ConvolutionProblem {
    let input = try parameters.picture()
    let kernel = try parameters.extent("k")
    let groups = try parameters.int("g", 1)
    return try ConvolutionProblem(
      input: input, weight: [kernel.height, kernel.width, input[3] / max(groups, 1), parameters.int("o")],
      stride: parameters.extent("s"), padding: parameters.padding(), dilation: parameters.extent("d"), groups: groups,
      algorithm: parameters.choice("algorithm", .direct))
  }

  static let convolveBackwardData = Op(
    name: "convolveBackwardData", functions: ["reverseTaps", "placeOnGrid"],
    bound: "4 u √k Σ|dy w| + 2 ulp, rms 1.2 u √k; winograd4 4 times that, both of the largest nearby",
    suite: gradients + winogradGradients, tinyCount: 24, random: randomGradient
  ) { parameters in
    let p = try problem(parameters)
    let weight: Shape = [p.kernel.height, p.kernel.width, p.inputChannels / p.groups, p.outputChannels]
    let accumulate = try parameters.flag("accumulate")
    let picture: Shape = [p.batch, p.height, p.width, p.inputChannels]
    var made = OpCase(
      operation: "convolveBackwardData", parameters: parameters,
      arrays: [
        .input("dy", p.output, takesIntruders: p.algorithm == .direct), .input("w", weight, takesIntruders: false),
        accumulate ? .updated("dx", picture) : .output("dx", picture),
      ],
      fills: [.normal, .positive, .integer, .onehot, .poison],
      floatingPointOperations: p.floatingPointOperations,
      bytesMoved: p.bytesMoved + (accumulate ? 4 * p.inputCount : 0),
      run: { device, a in
        try device.convolveBackwardData(p, outputGradient: a[0], a[1], into: a[2], accumulate: accumulate)
      },
      reference: { h, fill in
        var sums = ConvolutionReference.scatteredSums(p, h[0], h[1])
        if accumulate { for index in sums.values.indices { sums.add(Double(h[2][index]), at: index) } }
        let length = p.kernel.height * p.kernel.width * p.outputChannels / p.groups + (accumulate ? 1 : 0)
        guard p.algorithm != .direct else { return [sums.expected(length: length, exact: fill.isExact)] }
        // Errors of a Winograd tile are those of its largest sum; a tile is never larger than the picture.
        let largest = sums.magnitudes.max() ?? 0
        let spread = Sums(values: sums.values, magnitudes: sums.magnitudes.map { _ in 2 * largest })
        return [spread.expected(length: length, exact: false).scaled(p.algorithm == .winograd2 ? 1 : 4)]
      })
    if !accumulate { made.adjoint = { h, y in ConvolutionReference.sums(p, y, h[1]).values } }
    // Pixels that no output reads, and sums of few whole numbers.
    made.isUniformByNature = true
    return made
  }

  static let convolveBackwardWeights = Op(
    name: "convolveBackwardWeights", functions: ["convolveBackwardWeights"],
    bound: "4 u √pixels Σ|x dy| + 2 ulp, rms 1.2 u √pixels; winograd4 4 times that, both of the largest nearby",
    suite: gradients + winogradGradients, tinyCount: 24, random: randomGradient
  ) { parameters in
    let p = try problem(parameters)
    let weight: Shape = [p.kernel.height, p.kernel.width, p.inputChannels / p.groups, p.outputChannels]
    let accumulate = try parameters.flag("accumulate")
    var made = OpCase(
      operation: "convolveBackwardWeights", parameters: parameters,
      arrays: [
        .input("dy", p.output, takesIntruders: false),
        .input(
          "x", [p.batch, p.height, p.width, p.inputChannels],
          takesIntruders: p.padding == 0 && p.algorithm == .direct),
        accumulate ? .updated("dw", weight) : .output("dw", weight),
      ],
      fills: [.normal, .positive, .integer, .onehot, .poison],
      floatingPointOperations: p.floatingPointOperations,
      bytesMoved: p.bytesMoved + (accumulate ? 4 * p.weightCount : 0),
      run: { device, a in
        try device.convolveBackwardWeights(p, a[1], outputGradient: a[0], into: a[2], accumulate: accumulate)
      },
      reference: { h, fill in
        var sums = ConvolutionReference.weightSums(p, h[1], h[0])
        if accumulate { for index in sums.values.indices { sums.add(Double(h[2][index]), at: index) } }
        let length = p.batch * p.outputHeight * p.outputWidth + (accumulate ? 1 : 0)
        guard p.algorithm != .direct else { return [sums.expected(length: length, exact: fill.isExact)] }
        // A pair's nine weights are combinations of the same sums, to which all of a tile's pixels come, also those that
        // no weight brings together.
        let most = [h[0], h[1]].map { $0.lazy.map { Double(abs($0)) }.max() ?? 0 }
        let largest = max(sums.magnitudes.max() ?? 0, most[0] * most[1])
        let spread = Sums(values: sums.values, magnitudes: sums.magnitudes.map { _ in 2 * largest })
        // Where all of it is 0 there is nothing that errors could be a part of.
        let hasValues = sums.values.contains { $0 != 0 }
        return [
          spread.expected(length: length, exact: false, isIndependent: hasValues)
            .scaled(p.algorithm == .winograd2 ? 1 : 4)
        ]
      })
    if !accumulate { made.adjoint = { h, y in ConvolutionReference.sums(p, h[1], y).values } }
    made.isUniformByNature = true
    return made
  }
}

extension ConvolutionReference {
  /// Gradients of the input, by scattering each output's gradient to the pixels that made it.
  static func scatteredSums(_ p: ConvolutionProblem, _ dy: [Float], _ w: [Float]) -> Sums {
    Sums(
      values: scattered(p, dy.map(Double.init), w),
      magnitudes: scattered(p, dy.map { Double(abs($0)) }, w.map(abs)))
  }

  /// Gradients of the weights, by scattering each output's gradient to the weights that made it.
  static func weightSums(_ p: ConvolutionProblem, _ x: [Float], _ dy: [Float]) -> Sums {
    let depth = p.inputChannels / p.groups
    let outputsPerGroup = p.outputChannels / p.groups
    let zeros = [Double](repeating: 0, count: p.weightCount)
    var sums = Sums(values: zeros, magnitudes: zeros)
    for pixel in 0..<(p.batch * p.outputHeight * p.outputWidth) {
      let (picture, place) = (pixel / (p.outputHeight * p.outputWidth), pixel % (p.outputHeight * p.outputWidth))
      forEachTap(p, place / p.outputWidth, place % p.outputWidth) { tap, v, u in
        let source = ((picture * p.height + v) * p.width + u) * p.inputChannels
        for c in 0..<depth {
          let target = (tap * depth + c) * p.outputChannels
          for o in 0..<p.outputChannels {
            let product =
              Double(x[source + o / outputsPerGroup * depth + c]) * Double(dy[pixel * p.outputChannels + o])
            sums.values[target + o] += product
            sums.magnitudes[target + o] += abs(product)
          }
        }
      }
    }
    return sums
  }
}
