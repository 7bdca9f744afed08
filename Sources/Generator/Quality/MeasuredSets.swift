import Compute
import Metrics
import Tensors

/// The descriptors that ``GenerationQuality`` is computed from.
struct MeasuredSets {
  let shape: Shape
  let real, copies, generated, heldOut: DescriptorSet
  /// Whose spread stands for that of real pictures: the shots, or one shot and its copies.
  let reference: DescriptorSet

  init(real: [Tensor], copies: [Tensor], generated: [Tensor], heldOut: [Tensor]) throws {
    guard let first = real.first, !generated.isEmpty else {
      throw GeneratorError.setting(
        name: "quality measures", reason: "need at least one real picture and one generated picture")
    }
    shape = first.shape
    self.real = try DescriptorSet(real, shape: shape, kind: "real")
    self.copies = try DescriptorSet(copies, shape: shape, kind: "copied")
    self.generated = try DescriptorSet(generated, shape: shape, kind: "generated")
    self.heldOut = try DescriptorSet(heldOut, shape: shape, kind: "held-out")
    reference = real.count > 1 ? self.real : try self.real.joined(self.copies)
  }

  static let noHeldOut = "there are no held-out pictures"
  static let oneReal = "one real picture does not vary; copies of it are missing"
}

extension MeasuredValues<GenerationQuality.Measure> {
  mutating func setCoverage(_ sets: MeasuredSets) throws {
    guard !sets.heldOut.isEmpty else {
      for name in [Name.coverage, .generatedShare, .coverageBeyondCopies, .distanceFactor] {
        self[name] = .undefined(reason: MeasuredSets.noHeldOut)
      }
      return
    }
    var toReal = try sets.heldOut.squaredDistances(to: sets.real)
    let toGenerated = try sets.heldOut.squaredDistances(to: sets.generated)
    let coverage = PatchCoverage(toReal: toReal, toGenerated: toGenerated)
    self[.coverage] = .defined(coverage.share)
    self[.generatedShare] = .defined(Double(sets.generated.count) / Double(sets.real.count + sets.generated.count))
    self[.distanceFactor] = .defined(coverage.distanceFactor)
    guard !sets.copies.isEmpty else {
      self[.coverageBeyondCopies] = .undefined(reason: "there are no copies")
      return
    }
    for (index, distance) in try sets.heldOut.squaredDistances(to: sets.copies).enumerated() {
      toReal[index] = min(toReal[index], distance)
    }
    self[.coverageBeyondCopies] = .defined(PatchCoverage(toReal: toReal, toGenerated: toGenerated).share)
  }

  /// How generated pictures vary, and how far they lie from real ones.
  mutating func setSpread(_ sets: MeasuredSets) throws {
    let names = [Name.varianceRatio, .channelVarianceRatio, .nearestRealMinimum, .nearestRealMedian]
    guard sets.reference.count > 1, let real = sets.reference.means, let generated = sets.generated.means else {
      for name in names { self[name] = .undefined(reason: MeasuredSets.oneReal) }
      return
    }
    try setVariances(sets)
    guard let ratios = try PictureDistances(real: real, generated: generated)?.ratios else {
      for name in names.suffix(2) { self[name] = .undefined(reason: "half of the real pictures equal another one") }
      return
    }
    self[.nearestRealMinimum] = .defined(ratios.reduce(.infinity, Swift.min))
    self[.nearestRealMedian] = .defined(ratios.median)
  }

  /// Variances of the population: few real pictures, and many generated ones, are samples of different size.
  private mutating func setVariances(_ sets: MeasuredSets) throws {
    let names = [Name.varianceRatio, .channelVarianceRatio]
    guard sets.generated.count > 1 else {
      for name in names { self[name] = .undefined(reason: "one generated picture does not vary") }
      return
    }
    let (real, generated) = (try sets.reference.variance(), try sets.generated.variance())
    guard real.mean > 0 else {
      for name in names { self[name] = .undefined(reason: "real pictures do not vary") }
      return
    }
    let correction = generated.correction / real.correction
    self[.varianceRatio] = .defined(generated.mean / real.mean * correction)
    let width = sets.shape[1]
    let ratios = zip(generated.ofChannels(width), real.ofChannels(width)).filter { $1 > 0 }.map { $0 / $1 * correction }
    self[.channelVarianceRatio] = .defined(ratios.median)
  }
}

extension DescriptorSet {
  fileprivate func variance() throws -> DescriptorVariance {
    try DescriptorVariance(pictures.map { try $0.reshaped(to: [1, $0.shape[0], $0.shape[1]]) })
  }
}
