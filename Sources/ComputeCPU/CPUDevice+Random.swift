import CLoops
public import Compute

extension CPUDevice {
  public func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, into y: Storage) throws {
    try Arguments("fillRandom", on: self).require(y, "y", count: y.count)
    fillRandom(distribution, key, y)
  }

  private func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, _ y: Storage) {
    let words = key.words.map { UInt32(truncatingIfNeeded: $0) }
    // Tasks begin at whole counters.
    parallel(y.count, chunk: Self.elementsPerTask) {
      loops.pointee.random(
        distribution.rawValue, words, UInt32($0.lowerBound / 4), y.pointer + $0.lowerBound, $0.count)
    }
  }

  public func sample(means: Storage, logVariances: Storage, _ key: RandomKey, into z: Storage) throws {
    try Arguments("sample", on: self).requireSameCount([means, logVariances, z])
    fillRandom(.normal, key, z)
    parallel(z.count, chunk: Self.elementsPerTask) { part in
      let start = part.lowerBound
      loops.pointee.sample(means.pointer + start, logVariances.pointer + start, z.pointer + start, part.count)
    }
  }

  public func sampleBackward(
    means: Storage, logVariances: Storage, z: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try Arguments("sampleBackward", on: self).requireSameCount([means, logVariances, z, outputGradient, gradient])
    parallel(z.count, chunk: Self.elementsPerTask) { part in
      let start = part.lowerBound
      loops.pointee.sample_backward(
        means.pointer + start, logVariances.pointer + start, z.pointer + start, outputGradient.pointer + start,
        gradient.pointer + start, part.count)
    }
  }
}
