import Compute

extension OpCatalogue {
  /// Layers (one position), groups, instances and batches; slices that end early, groups that end within a vector.
  private static let normalizations = [
    "n=1 positions=1 c=1 g=1", "n=3 positions=1 c=7 g=1", "n=5 positions=1 c=33 g=3", "n=2 positions=1 c=16 g=16",
    "n=2 positions=5 c=6 g=2", "n=1 positions=17 c=3 g=3", "n=3 positions=9 c=17 g=1", "n=2 positions=33 c=32 g=8",
    // The tiny ones end here.
    "n=65 positions=1 c=257 g=1", "n=129 positions=1 c=64 g=1", "n=4 positions=1 c=1021 g=1",
    "n=1 positions=8193 c=1 g=1",
    "n=1 positions=4099 c=17 g=17", "n=2 positions=300 c=64 g=32", "n=1 positions=1024 c=128 g=32",
    "n=3 positions=49 c=65 g=5", "n=1 positions=600 c=33 g=33", "n=2 positions=1600 c=20 g=10",
    "n=7 positions=2 c=96 g=1",
  ].flatMap { text in ["affine=1", "affine=0"].map { listed("\(text) \($0)") } }

  private static let randomNormalization: @Sendable (inout CaseRandom) -> Parameters = { random in
    let groups = random.pick([1, 1, 2, 3, 8, 17, 32])
    return [
      "n": random.int(1...5), "positions": random.pick([1, 1, 2, 7, 16, 17, 63, 200, 1025]),
      "c": groups * random.int(1...(130 / groups)), "g": groups, "affine": random.int(0...1),
    ]
  }

  private static func problem(_ parameters: Parameters) throws -> NormalizationProblem {
    try NormalizationProblem(
      batch: parameters.int("n"), positions: parameters.int("positions"), channels: parameters.int("c"),
      groups: parameters.int("g"))
  }

  static let normalize = Op(
    name: "normalize", functions: ["normalize"],
    bound: "4 u √n of mean|x − mean| through mean and variance, 4 u|x̂ scale| and roundings of x and shift",
    suite: normalizations, tinyCount: 16, random: randomNormalization
  ) { parameters in
    let p = try problem(parameters)
    let isAffine = try parameters.flag("affine")
    let (shape, statistics): (Shape, Shape) = ([p.batch, p.positions, p.channels], [p.batch, p.groups])
    var made = OpCase(
      operation: "normalize", parameters: parameters,
      arrays: [
        .input("x", shape), .input("scale", [p.channels]), .input("shift", [p.channels]), .output("y", shape),
        .output("means", statistics), .output("variances", statistics),
      ],
      fills: [.normal, .positive, .integer, .offset, .poison], floatingPointOperations: 8 * p.count,
      bytesMoved: p.bytesMoved,
      run: { device, a in
        try device.normalize(
          p, a[0], NormalizationParameters(scale: isAffine ? a[1] : nil, shift: isAffine ? a[2] : nil), into: a[3],
          means: a[4], variances: a[5])
      },
      reference: { h, _ in
        let reference = NormalizationReference(p, h[0])
        return [
          reference.outputs(h[0], isAffine ? h[1] : nil, isAffine ? h[2] : nil),
          .floats(reference.means, allowed: reference.meanErrors),
          .floats(reference.variances, allowed: reference.varianceErrors),
        ]
      })
    // A group of one element is its own mean.
    made.isUniformByNature = true
    return made
  }

  static let applyNormalization = Op(
    name: "applyNormalization", functions: ["applyNormalization"],
    bound: "5 u|x̂ scale| and roundings of x and shift", suite: normalizations, tinyCount: 16,
    random: randomNormalization
  ) { parameters in
    let p = try problem(parameters)
    let isAffine = try parameters.flag("affine")
    let (shape, statistics): (Shape, Shape) = ([p.batch, p.positions, p.channels], [p.batch, p.groups])
    var made = OpCase(
      operation: "applyNormalization", parameters: parameters,
      arrays: [
        .input("x", shape), .input("means", statistics), positive("variances", statistics),
        .input("scale", [p.channels]), .input("shift", [p.channels]), .output("y", shape),
      ],
      fills: [.normal, .positive, .integer, .poison, .infinite], floatingPointOperations: 3 * p.count,
      bytesMoved: p.bytesMoved,
      run: { device, a in
        try device.applyNormalization(
          p, a[0], means: a[1], variances: a[2],
          NormalizationParameters(scale: isAffine ? a[3] : nil, shift: isAffine ? a[4] : nil), into: a[5])
      },
      reference: { h, _ in
        let given = NormalizationReference(p, means: h[1].map(Double.init), variances: h[2].map(Double.init))
        return [given.outputs(h[0], isAffine ? h[3] : nil, isAffine ? h[4] : nil)]
      })
    made.isUniformByNature = true
    return made
  }

  static let normalizeBackward = Op(
    name: "normalizeBackward", functions: ["normalizeBackward"],
    bound: "4 u √n of Σ|dy| and Σ|dy x̂|, roundings of their terms", suite: normalizations, tinyCount: 16,
    random: randomNormalization
  ) { parameters in
    let p = try problem(parameters)
    let isAffine = try parameters.flag("affine")
    let (shape, statistics): (Shape, Shape) = ([p.batch, p.positions, p.channels], [p.batch, p.groups])
    var made = OpCase(
      operation: "normalizeBackward", parameters: parameters,
      arrays: [
        .input("dy", shape), .input("x", shape), .input("means", statistics), positive("variances", statistics),
        .input("scale", [p.channels]), .output("dx", shape), .output("scaleGradient", [p.channels]),
        .output("shiftGradient", [p.channels]),
      ],
      fills: [.normal, .positive, .integer, .poison], floatingPointOperations: 14 * p.count, bytesMoved: 12 * p.count,
      run: { device, a in
        try device.normalizeBackward(
          p, a[1], outputGradient: a[0], means: a[2], variances: a[3], scale: isAffine ? a[4] : nil, into: a[5],
          scaleGradient: a[6], shiftGradient: a[7])
      },
      reference: { h, _ in
        let given = NormalizationReference(p, means: h[2].map(Double.init), variances: h[3].map(Double.init))
        return given.gradients(h[0].map(Double.init), h[1], isAffine ? h[4] : nil)
      })
    made.isUniformByNature = true
    return made
  }

  private static func positive(_ name: String, _ shape: Shape) -> OpArray {
    .input(name, shape) { random, _ in .floats((0..<shape.count).map { _ in Float(0.25 + random.uniform()) }) }
  }
}

/// Normalisation in Double, from its formula.
struct NormalizationReference {
  let p: NormalizationProblem
  private(set) var means: [Double]
  private(set) var variances: [Double]
  /// What each may be off by.
  private(set) var meanErrors: [Double]
  private(set) var varianceErrors: [Double]

  init(_ p: NormalizationProblem, means: [Double], variances: [Double]) {
    self.p = p
    self.means = means
    self.variances = variances
    meanErrors = means.map { _ in 0 }
    varianceErrors = meanErrors
  }

  /// A mean errs as a sum of n terms does. A variance is a mean of squared distances, each with the rounding of its
  /// difference from the mean and of that mean, whose own error enters as its square alone, since distances sum to 0; a
  /// slice's mean is within its slice's numbers, so it rounds as they do.
  init(_ p: NormalizationProblem, _ x: [Float]) {
    self.init(
      p, means: [Double](repeating: 0, count: p.statisticsCount),
      variances: [Double](repeating: 0, count: p.statisticsCount))
    let count = Double(p.groupCount)
    let root = count.squareRoot()
    var sizes = means
    forEach { index, group, _ in
      means[group] += Double(x[index]) / count
      sizes[group] += abs(Double(x[index])) / count
    }
    var distances = sizes.map { _ in 0.0 }
    forEach { index, group, _ in
      let rest = Double(x[index]) - means[group]
      variances[group] += rest * rest / count
      distances[group] += abs(rest) / count
    }
    for group in means.indices {
      meanErrors[group] = 4 * unit * root * sizes[group] + 2 * ulp(means[group])
      varianceErrors[group] =
        4 * unit * root * variances[group] + 8 * unit * sizes[group] * distances[group]
        + meanErrors[group] * (2 * unit * sizes[group] + meanErrors[group]) + 2 * ulp(variances[group])
    }
  }

  /// - body: the element, its group counted over all pictures, its channel
  private func forEach(_ body: (Int, Int, Int) -> Void) {
    for index in 0..<p.count {
      let channel = index % p.channels
      body(index, index / p.channels / p.positions * p.groups + channel / p.groupChannels, channel)
    }
  }

  private func factor(_ group: Int) -> Double { 1 / (variances[group] + Double(p.epsilon)).squareRoot() }

  func outputs(_ x: [Float], _ scale: [Float]?, _ shift: [Float]?) -> Expected {
    var (values, allowed) = ([Double](), [Double]())
    forEach { index, group, channel in
      let weight = Double(scale?[channel] ?? 1)
      let factor = factor(group) * weight
      let rest = Double(x[index]) - means[group]
      let value = rest * factor + Double(shift?[channel] ?? 0)
      values.append(value)
      // 1 / √(v + ε) errs by half of what v does, relatively, and by the root's and the quotient's 3 and 2.5 ulp.
      let relative = varianceErrors[group] / (variances[group] + Double(p.epsilon)) / 2 + 10 * unit
      allowed.append(
        abs(rest * factor) * relative + abs(factor) * (meanErrors[group] + unit * (abs(rest) + abs(means[group])))
          + 2 * ulp(rest * factor) + ulp(value))
    }
    return .floats(values, allowed: allowed)
  }

  /// dx, and the gradients of scale and shift.
  func gradients(_ dy: [Double], _ x: [Float], _ scale: [Float]?) -> [Expected] {
    let zeros = [Double](repeating: 0, count: p.channels)
    var (products, productSizes, sums, sumSizes) = (zeros, zeros, zeros, zeros)
    let none = [Double](repeating: 0, count: p.statisticsCount)
    var (groupSums, groupSizes, groupProducts, groupProductSizes) = (none, none, none, none)
    let n = Double(p.groupCount)
    // x̂ errs by the rounding of x − mean and by that of 1 / √(v + ε).
    func normal(_ index: Int, _ group: Int) -> (value: Double, size: Double) {
      let rest = Double(x[index]) - means[group]
      return (rest * factor(group), (abs(rest) + (abs(Double(x[index])) + abs(means[group])) / 8) * factor(group))
    }
    forEach { index, group, channel in
      let normal = normal(index, group)
      products[channel] += dy[index] * normal.value
      productSizes[channel] += abs(dy[index]) * normal.size
      sums[channel] += dy[index]
      sumSizes[channel] += abs(dy[index])
      let gradient = dy[index] * Double(scale?[channel] ?? 1)
      groupSums[group] += gradient / n
      groupSizes[group] += abs(gradient) / n
      groupProducts[group] += gradient * normal.value / n
      groupProductSizes[group] += abs(gradient) * normal.size / n
    }
    var (values, allowed) = ([Double](), [Double]())
    let root = 4 * unit * n.squareRoot() + 16 * unit
    forEach { index, group, channel in
      let gradient = dy[index] * Double(scale?[channel] ?? 1)
      let normal = normal(index, group)
      values.append(factor(group) * (gradient - groupSums[group] - normal.value * groupProducts[group]))
      let size = abs(gradient) + abs(groupSums[group]) + normal.size * abs(groupProducts[group])
      allowed.append(
        factor(group) * (root * (groupSizes[group] + abs(normal.value) * groupProductSizes[group]) + 16 * unit * size)
          + 2 * ulp(values[index]))
    }
    let rows = (4 * Double(p.batch * p.positions).squareRoot() + 16) * unit
    return [
      .floats(values, allowed: allowed),
      .floats(products, allowed: zip(products, productSizes).map { rows * $1 + 2 * ulp($0) }),
      .floats(sums, allowed: zip(sums, sumSizes).map { rows * $1 + 2 * ulp($0) }),
    ]
  }
}
