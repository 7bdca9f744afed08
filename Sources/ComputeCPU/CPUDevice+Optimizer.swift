import CLoops
public import Compute

extension CPUDevice {
  public func adam(
    _ step: AdamStep, _ values: Storage, gradient: Storage, firstMoment: Storage, secondMoment: Storage,
    gradientFactor: Storage
  ) throws {
    try Arguments("adam", on: self).requireStep(
      values, [gradient, firstMoment, secondMoment], factor: gradientFactor)
    let factor = gradientFactor.pointer.pointee
    guard factor.isFinite else { return }
    let f = step.factors
    var s = fl_adam_step(
      factor: factor, first: f.first, second: f.second, rate: f.rate, root: f.root, epsilon: f.epsilon,
      coupled: f.coupled, kept: f.kept)
    withUnsafePointer(to: &s) { s in
      parallel(values.count, chunk: Self.elementsPerTask) { part in
        let start = part.lowerBound
        loops.pointee.adam(
          values.pointer + start, gradient.pointer + start, firstMoment.pointer + start, secondMoment.pointer + start,
          part.count, s)
      }
    }
    for changed in [values, firstMoment, secondMoment] { changed.forgetLayouts() }
  }

  public func descend(
    _ step: MomentumStep, _ values: Storage, gradient: Storage, velocity: Storage, gradientFactor: Storage
  ) throws {
    try Arguments("descend", on: self).requireStep(values, [gradient, velocity], factor: gradientFactor)
    let factor = gradientFactor.pointer.pointee
    guard factor.isFinite else { return }
    var s = fl_momentum_step(
      factor: factor, rate: Float(step.rate), momentum: Float(step.momentum), share: Float(1 - step.dampening),
      decay: Float(step.weightDecay), nesterov: step.isNesterov ? 1 : 0)
    withUnsafePointer(to: &s) { s in
      parallel(values.count, chunk: Self.elementsPerTask) { part in
        let start = part.lowerBound
        loops.pointee.momentum(
          values.pointer + start, gradient.pointer + start, velocity.pointer + start, part.count, s)
      }
    }
    for changed in [values, velocity] { changed.forgetLayouts() }
  }

  public func blend(_ x: Storage, weight: Float, into y: Storage) throws {
    try Arguments("blend", on: self).requireSameCount([x, y])
    parallel(y.count, chunk: Self.elementsPerTask) { part in
      loops.pointee.blend(x.pointer + part.lowerBound, y.pointer + part.lowerBound, part.count, weight)
    }
    y.forgetLayouts()
  }
}
