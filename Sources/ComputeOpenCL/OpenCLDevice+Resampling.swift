public import Compute

extension OpenCLDevice {
  public func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws {
    try p.check("resample", x, y, on: self)
    let (size, group) = wideItems(p.channels, p.batch * p.outputHeight * p.outputWidth)
    try launch(
      "resampling_forward", size: size, group: group, x, y, p.outputCount, p.height, p.width, p.channels,
      p.outputHeight, p.outputWidth, p.scale(input: p.height, output: p.outputHeight),
      p.scale(input: p.width, output: p.outputWidth), Int(p.mode.rawValue))
  }

  public func resampleBackward(_ p: ResamplingProblem, outputGradient: Storage, into gradient: Storage) throws {
    try p.check("resampleBackward", gradient, outputGradient, on: self)
    let pixels = p.batch * p.height * p.width
    let (size, group) = wideItems(p.channels, pixels)
    try launch(
      "resampling_backward", size: size, group: group, outputGradient, gradient, pixels, p.height, p.width, p.channels,
      p.outputHeight, p.outputWidth, p.scale(input: p.height, output: p.outputHeight),
      p.scale(input: p.width, output: p.outputWidth), Int(p.mode.rawValue))
  }

  public func filter(_ p: FilteringProblem, _ x: Storage, taps: Storage, into y: Storage) throws {
    try p.check(x, taps, y, on: self)
    let between = try Storage(count: p.count, on: self)
    guard tiling.shape == .cpu else {
      try launch("filtering_pass", elements: p.count, x, taps, between, p.count, p.radius, 1, p.width)
      return try launch("filtering_pass", elements: p.count, between, taps, y, p.count, p.radius, p.width, p.height)
    }
    try filterAcross(p.batch, p.height, p.width, p.radius, x, taps, between)
    try filterAcross(p.batch, p.width, p.height, p.radius, between, taps, y)
  }

  private func filterAcross(
    _ batch: Int, _ height: Int, _ width: Int, _ radius: Int, _ x: Storage, _ taps: Storage, _ y: Storage
  ) throws {
    let lanes = tiling.vectorWidth
    try launch(
      "filtering_across", size: [(width + 4 * lanes - 1) / (4 * lanes), (height + lanes - 1) / lanes, batch],
      group: [1, 1, 1], x, taps, y, height, width, radius)
  }
}
