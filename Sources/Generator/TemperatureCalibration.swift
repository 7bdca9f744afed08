import Compute
import Foundation
public import Tensors

/// The temperature at which generated pictures vary as much as real ones.
public struct TemperatureCalibration: Codable, Hashable, Sendable {
  public struct Trial: Codable, Hashable, Sendable {
    public let temperature: Double
    /// Var(generated) / Var(real).
    public let ratio: Double
  }

  public let temperature: Double
  public let ratio: Double
  /// All that was tried, from cold to hot.
  public let trials: [Trial]

  /// Whether some trial varied less than the originals and another one more; elsewhere the temperature is only the best of those
  /// tried.
  public var isBracketed: Bool { trials.contains { $0.ratio <= 1 } && trials.contains { $0.ratio >= 1 } }

  /// What a calibration tries.
  public struct Settings: Codable, Hashable, Sendable {
    public var temperatures = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]
    /// Halvings of the interval in which the ratio passes 1.
    public var refinements = 3
    /// Variants of each original at each temperature.
    public var variants = 1
    public var seed: UInt64 = 0

    public init() {}
  }

  /// Tries temperatures with the same draws, so that the ratio changes with the temperature alone, and takes the one whose ratio is
  /// nearest to 1, by its logarithm.
  ///
  /// The variance is that of each descriptor value over pictures, averaged over positions and channels.
  ///
  /// - originals: [pictures, height, width, 3], RGB in −1…1: at least two, as shots or augmented copies of one
  /// - descriptors: of pictures [pictures, height, width, 3] in 0…1, [pictures, …]: each picture's at its positions
  /// - Throws: ``GeneratorError``; what `descriptors` throws.
  public init(
    _ sampler: VariationalSampler, originals: Tensor, _ settings: Settings = Settings(),
    descriptors: (_ pictures: Tensor) throws -> Tensor
  ) throws {
    guard originals.shape.rank == 4, originals.shape[0] >= 2 else {
      throw GeneratorError.setting(name: "calibration", reason: "needs at least two originals, or copies of one")
    }
    guard !settings.temperatures.isEmpty, settings.variants >= 1, settings.temperatures.allSatisfy({ $0 >= 0 }) else {
      throw GeneratorError.setting(name: "calibration", reason: "needs temperatures that are not negative")
    }
    let real = try DescriptorVariance([descriptors(originals.affine(scale: 0.5, shift: 0.5))]).mean
    guard real > 0, real.isFinite else {
      throw GeneratorError.setting(name: "calibration", reason: "needs originals that differ")
    }
    let latents = try sampler.latents(of: originals)
    func trial(_ temperature: Double) throws -> Trial {
      var sampler = sampler
      sampler.temperature = temperature
      let parts = try (0..<settings.variants).map { variant in
        try descriptors(sampler.pictures(latents, RandomKey(seed: settings.seed, step: UInt32(variant))))
      }
      return Trial(temperature: temperature, ratio: try DescriptorVariance(parts).mean / real)
    }
    var trials = try settings.temperatures.sorted().map(trial)
    for _ in 0..<settings.refinements {
      guard let place = trials.indices.dropLast().first(where: { (trials[$0].ratio < 1) != (trials[$0 + 1].ratio < 1) })
      else { break }
      trials.insert(try trial((trials[place].temperature + trials[place + 1].temperature) / 2), at: place + 1)
    }
    guard let best = trials.filter({ $0.ratio.isFinite }).min(by: { abs(log($0.ratio)) < abs(log($1.ratio)) }) else {
      throw GeneratorError.notFinite(what: "The variance of generated pictures")
    }
    (temperature, ratio, self.trials) = (best.temperature, best.ratio, trials)
  }
}
