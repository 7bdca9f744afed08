import CLoops
public import Compute

extension CPUDevice {
  public func normalize(
    _ p: NormalizationProblem, _ x: Storage, _ parameters: NormalizationParameters, into y: Storage, means: Storage,
    variances: Storage
  ) throws {
    try p.check("normalize", x, y, means, variances, parameters.scale, parameters.shift, on: self)
    if p.positions == 1 {
      parallel(p.statisticsCount, chunk: Self.elementsPerTask / p.groupChannels) { groups in
        let start = groups.lowerBound * p.groupChannels
        loops.pointee.normalize_runs(
          x.pointer + start, groups.count, p.groupChannels, p.groups, groups.lowerBound, parameters.scale?.pointer,
          parameters.shift?.pointer, p.epsilon, y.pointer + start, means.pointer + groups.lowerBound,
          variances.pointer + groups.lowerBound)
      }
      return
    }
    let slices = p.slices
    let sums = try sliceSums(p, slices.count)
    let squares = try sliceSums(p, slices.count)
    forEachSlice(p, slices) { _, slice, start, rows in
      loops.pointee.slice_moments(
        x.pointer + start, rows, p.channels, sums.pointer + slice * p.channels, squares.pointer + slice * p.channels)
    }
    // Groups side by side, for vectors.
    let width = max(1024 / p.groupChannels, 1)
    let parts = (p.groups + width - 1) / width
    parallel(p.batch * parts, scratchCount: 2 * width * p.groupChannels) { task, scratch in
      let (picture, first) = (task / parts, task % parts * width)
      let (start, group) = (picture * slices.count * p.channels + first * p.groupChannels, picture * p.groups + first)
      loops.pointee.merge_moments(
        sums.pointer + start, squares.pointer + start, slices.count, slices.rows, p.positions, p.channels,
        p.groupChannels, min(width, p.groups - first), scratch, means.pointer + group, variances.pointer + group)
    }
    try apply(p, x, means, variances, parameters, y)
  }

  public func applyNormalization(
    _ p: NormalizationProblem, _ x: Storage, means: Storage, variances: Storage, _ parameters: NormalizationParameters,
    into y: Storage
  ) throws {
    try p.check("applyNormalization", x, y, means, variances, parameters.scale, parameters.shift, on: self)
    try apply(p, x, means, variances, parameters, y)
  }

  private func apply(
    _ p: NormalizationProblem, _ x: Storage, _ means: Storage, _ variances: Storage,
    _ parameters: NormalizationParameters, _ y: Storage
  ) throws {
    let factors = try factors(p, variances)
    forEachSlice(p, p.slices, backwards: true) { picture, _, start, rows in
      loops.pointee.normalize_rows(
        x.pointer + start, rows, p.channels, p.groupChannels, means.pointer + picture * p.groups,
        factors.pointer + picture * p.groups, parameters.scale?.pointer, parameters.shift?.pointer, y.pointer + start)
    }
  }

  public func normalizeBackward(
    _ p: NormalizationProblem, _ x: Storage, outputGradient: Storage, means: Storage, variances: Storage,
    scale: Storage?, into gradient: Storage, scaleGradient: Storage, shiftGradient: Storage
  ) throws {
    try p.check("normalizeBackward", x, outputGradient, means, variances, scale, nil, on: self)
    try p.check("normalizeBackward", x, gradient, means, variances, scaleGradient, shiftGradient, on: self)
    let isRun = p.positions == 1
    let slices = isRun ? p.rowSlices : p.slices
    // Rows with statistics of their own are positions of one picture to the sums by channel.
    let all = isRun ? p.asOnePicture : p
    let factors = try factors(p, variances)
    let sums = try sliceSums(all, slices.count)
    let products = try sliceSums(all, slices.count)
    forEachSlice(all, slices) { picture, slice, start, rows in
      let place = isRun ? slice * slices.rows * p.groups : picture * p.groups
      loops.pointee.gradient_sums(
        x.pointer + start, outputGradient.pointer + start, rows, p.channels, p.groupChannels, means.pointer + place,
        factors.pointer + place, isRun ? p.groups : 0, sums.pointer + slice * p.channels,
        products.pointer + slice * p.channels)
      guard isRun else { return }
      // While the slice is in the cache.
      for group in place..<(place + rows * p.groups) {
        let (start, channel) = (group * p.groupChannels, group % p.groups * p.groupChannels)
        loops.pointee.normalize_run_backward(
          x.pointer + start, outputGradient.pointer + start, p.groupChannels, scale.map { $0.pointer + channel },
          means.pointer[group], factors.pointer[group], gradient.pointer + start)
      }
    }
    let reduction = try ReductionProblem(outer: 1, reduced: all.batch * slices.count, inner: p.channels)
    try reduce(.sum, reduction, sums, into: shiftGradient)
    try reduce(.sum, reduction, products, into: scaleGradient)
    guard !isRun else { return }
    let groupSums = try Storage(count: p.statisticsCount, on: self)
    let groupProducts = try Storage(count: p.statisticsCount, on: self)
    forEachGroup(p, slices.count) { group, start in
      loops.pointee.merge_gradients(
        sums.pointer + start, products.pointer + start, scale.map { $0.pointer + group % p.groups * p.groupChannels },
        slices.count, p.channels, p.groupChannels, p.groupCount, groupSums.pointer + group,
        groupProducts.pointer + group)
    }
    forEachSlice(p, slices, backwards: true) { picture, _, start, rows in
      let place = picture * p.groups
      loops.pointee.normalize_rows_backward(
        x.pointer + start, outputGradient.pointer + start, rows, p.channels, p.groupChannels, means.pointer + place,
        factors.pointer + place, scale?.pointer, groupSums.pointer + place, groupProducts.pointer + place,
        gradient.pointer + start)
    }
  }

  /// 1 / √(variance + ε)
  private func factors(_ p: NormalizationProblem, _ variances: Storage) throws -> Storage {
    let factors = try Storage(count: p.statisticsCount, on: self)
    for group in 0..<p.statisticsCount {
      factors.pointer[group] = 1 / (variances.pointer[group] + p.epsilon).squareRoot()
    }
    return factors
  }

  private func sliceSums(_ p: NormalizationProblem, _ slices: Int) throws -> Storage {
    try Storage(count: Shape.checkedCount([p.batch, slices, p.channels], operation: "normalize"), on: self)
  }

  /// - backwards: each thread's last slice first, since it is what an earlier pass has left in the thread's cache
  /// - body: the picture, the slice counted over all pictures, its first element, and its rows
  private func forEachSlice(
    _ p: NormalizationProblem, _ slices: (rows: Int, count: Int), backwards: Bool = false,
    _ body: (Int, Int, Int, Int) -> Void
  ) {
    let all = p.batch * slices.count
    parallel(all) { index in
      let task = backwards ? mirrored(index, of: all) : index
      let (picture, first) = (task / slices.count, task % slices.count * slices.rows)
      body(picture, task, (picture * p.positions + first) * p.channels, min(slices.rows, p.positions - first))
    }
  }

  /// - body: the group, counted over all pictures, and where its channels begin in its picture's first slice
  private func forEachGroup(_ p: NormalizationProblem, _ slices: Int, _ body: (Int, Int) -> Void) {
    parallel(p.statisticsCount, chunk: 64) { groups in
      for group in groups {
        body(group, group / p.groups * slices * p.channels + group % p.groups * p.groupChannels)
      }
    }
  }
}
