import CLoops
public import Compute

extension CPUDevice {
  public func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws {
    try p.check("resample", x, y, on: self)
    let scaleY = p.scale(input: p.height, output: p.outputHeight)
    let scaleX = p.scale(input: p.width, output: p.outputWidth)
    parallel(p.batch * p.outputHeight) { task in
      loops.pointee.resample_row(
        x.pointer + task / p.outputHeight * p.height * p.width * p.channels, p.height, p.width, p.channels, scaleY,
        scaleX, p.mode.rawValue, task % p.outputHeight, p.outputWidth, y.pointer + task * p.outputWidth * p.channels)
    }
  }

  public func resampleBackward(_ p: ResamplingProblem, outputGradient: Storage, into gradient: Storage) throws {
    try p.check("resampleBackward", gradient, outputGradient, on: self)
    let scaleY = p.scale(input: p.height, output: p.outputHeight)
    let scaleX = p.scale(input: p.width, output: p.outputWidth)
    parallel(p.batch * p.height) { task in
      loops.pointee.resample_backward_row(
        outputGradient.pointer + task / p.height * p.outputHeight * p.outputWidth * p.channels, p.height, p.width,
        p.channels, p.outputHeight, p.outputWidth, scaleY, scaleX, p.mode.rawValue, task % p.height,
        gradient.pointer + task * p.width * p.channels)
    }
  }

  public func filter(_ p: FilteringProblem, _ x: Storage, taps: Storage, into y: Storage) throws {
    try p.check(x, taps, y, on: self)
    let between = try Storage(count: p.count, on: self)
    filterAcross(p.batch, p.height, p.width, p.radius, x, taps, between)
    filterAcross(p.batch, p.width, p.height, p.radius, between, taps, y)
  }

  /// Across rows, to the transpose: twice makes a filter along both axes.
  private func filterAcross(
    _ batch: Int, _ height: Int, _ width: Int, _ radius: Int, _ x: Storage, _ taps: Storage, _ y: Storage
  ) {
    let rows = loops.pointee.filter_rows()
    let tasks = (height + rows - 1) / rows
    parallel(batch * tasks) { task in
      let picture = task / tasks * height * width
      loops.pointee.filter_across(
        x.pointer + picture, height, width, taps.pointer, radius, task % tasks * rows, y.pointer + picture)
    }
  }
}
