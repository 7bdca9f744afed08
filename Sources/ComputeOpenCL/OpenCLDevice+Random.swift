public import Compute

extension OpenCLDevice {
  public func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, into y: Storage) throws {
    try Arguments("fillRandom", on: self).require(y, "y", count: y.count)
    // Kernels take a valid buffer for what they will not read.
    try launchRandom(y, y, Int(distribution.rawValue), key, y)
  }

  public func sample(means: Storage, logVariances: Storage, _ key: RandomKey, into z: Storage) throws {
    try Arguments("sample", on: self).requireSameCount([means, logVariances, z])
    try launchRandom(means, logVariances, RandomDistribution.allCases.count, key, z)
  }

  private func launchRandom(
    _ means: Storage, _ logVariances: Storage, _ distribution: Int, _ key: RandomKey, _ y: Storage
  ) throws {
    guard y.count > 0 else { return }
    let perItem = tiling.shape == .cpu ? 4 * tiling.vectorWidth : 4
    let items = (y.count + perItem - 1) / perItem
    let (size, group) = tiling.shape == .cpu ? (items, 1) : (items, tiling.group)
    try launch(
      "random_fill", size: [size], group: [group],
      [means, logVariances, y, y.count, distribution] + key.words as [any KernelParameter])
  }

  public func sampleBackward(
    means: Storage, logVariances: Storage, z: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try Arguments("sampleBackward", on: self).requireSameCount([means, logVariances, z, outputGradient, gradient])
    guard gradient.count > 0 else { return }
    try launch(
      "random_sample_backward", elements: gradient.count, means, logVariances, z, outputGradient, gradient,
      gradient.count)
  }
}
