public import Compute

extension OpenCLDevice {
  public func adam(
    _ step: AdamStep, _ values: Storage, gradient: Storage, firstMoment: Storage, secondMoment: Storage,
    gradientFactor: Storage
  ) throws {
    try Arguments("adam", on: self).requireStep(
      values, [gradient, firstMoment, secondMoment], factor: gradientFactor)
    guard values.count > 0 else { return }
    let f = step.factors
    try launch(
      "optimizer_adam", elements: values.count, values, gradient, firstMoment, secondMoment, gradientFactor,
      values.count, f.first, f.second, f.rate, f.root, f.epsilon, f.coupled, f.kept)
    for changed in [values, firstMoment, secondMoment] { changed.forgetLayouts() }
  }

  public func descend(
    _ step: MomentumStep, _ values: Storage, gradient: Storage, velocity: Storage, gradientFactor: Storage
  ) throws {
    try Arguments("descend", on: self).requireStep(values, [gradient, velocity], factor: gradientFactor)
    guard values.count > 0 else { return }
    try launch(
      "optimizer_momentum", elements: values.count, values, gradient, velocity, gradientFactor, values.count,
      Float(step.rate), Float(step.momentum), Float(1 - step.dampening), Float(step.weightDecay),
      step.isNesterov ? 1 : 0)
    for changed in [values, velocity] { changed.forgetLayouts() }
  }

  public func blend(_ x: Storage, weight: Float, into y: Storage) throws {
    try Arguments("blend", on: self).requireSameCount([x, y])
    guard y.count > 0 else { return }
    try launch("optimizer_blend", elements: y.count, x, y, y.count, weight)
    y.forgetLayouts()
  }
}
