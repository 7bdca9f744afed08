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
    parallel(p.batch * p.height) { row in
      loops.pointee.filter_along_row(
        x.pointer + row * p.width, p.width, taps.pointer, p.radius, between.pointer + row * p.width)
    }
    parallel(p.batch * p.height) { row in
      loops.pointee.filter_across_rows(
        between.pointer + row / p.height * p.height * p.width, p.height, p.width, taps.pointer, p.radius,
        row % p.height, y.pointer + row * p.width)
    }
  }
}
