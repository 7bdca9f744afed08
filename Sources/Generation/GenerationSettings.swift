public import Generator
public import Integrator

/// Everything that decides which pictures are generated, beside the generator and its originals.
public struct GenerationSettings: Codable, Hashable, Sendable {
  public var sampling = SamplingConfiguration()
  /// Whether the temperature is the one that ``calibration`` finds, and not the sampling's.
  public var calibrates = false
  public var calibration = TemperatureCalibration.Settings()
  public var detail = VariantFinish.Detail.original
  /// Of each shot; nil for ``ProductVariation/copies(originals:)``.
  public var copies: Int?
  public var integrator = Integrator.Settings()
  public var refinement = LatentRefinement.Settings()

  /// - kept: how many pictures are wanted
  public init(kept: Int) {
    // Of local codes, whose spread is that of the place: see this folder's README.
    sampling.mode = .localCode
    calibration.excess = 0.02
    integrator.selection.kept = kept
  }
}
