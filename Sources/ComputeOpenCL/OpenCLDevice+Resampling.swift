public import Compute

extension OpenCLDevice {
  public func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws {
    try p.check("resample", x, y, on: self)
    try launch(
      "resampling_forward", elements: p.outputCount, x, y, p.outputCount, p.height, p.width, p.channels,
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
    try launch("filtering_pass", elements: p.count, x, taps, between, p.count, p.radius, 1, p.width)
    try launch("filtering_pass", elements: p.count, between, taps, y, p.count, p.radius, p.width, p.height)
  }
}
