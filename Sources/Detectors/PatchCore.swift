public import Backbones
import Compute
public import Images
public import Tensors

/// PatchCore (Roth et al. 2022, arXiv 2106.08265): a picture is as anomalous as its strangest patch is far from every
/// patch of the normal pictures.
public struct PatchCore: Sendable {
  public let configuration: PatchCoreConfiguration
  /// nil until found by cross-fitting.
  public internal(set) var threshold: Threshold?
  let extractor: DescriptorExtractor
  let bank: MemoryBank

  init(_ configuration: PatchCoreConfiguration, extractor: DescriptorExtractor, bank: MemoryBank) {
    self.configuration = configuration
    self.extractor = extractor
    self.bank = bank
  }

  /// A model with a memory bank made elsewhere.
  ///
  /// - bank: [rows, width]
  public init(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, bank: Tensor, threshold: Threshold?
  ) throws {
    try configuration.validate()
    let extractor = DescriptorExtractor(backbone, size: configuration.size, strides: configuration.strides)
    guard bank.shape.rank == 2, bank.shape[1] == extractor.width else {
      throw ShapeError.mismatch(
        operation: "patchcore", argument: "bank", expected: [bank.shape.extents.first ?? 1, extractor.width],
        found: bank.shape.extents)
    }
    self.init(configuration, extractor: extractor, bank: try MemoryBank(bank))
    self.threshold = threshold
  }

  public var backbone: any Backbone { extractor.backbone }
  public var bankRows: Int { bank.rowCount }
  /// A host copy of the memory bank: [bankRows, descriptor width].
  public func bankValues() throws -> [Float] { try bank.neighbours.values.values() }
  public var descriptorWidth: Int { bank.neighbours.width }

  /// Scores one picture; the result depends on nothing else.
  public func inspect(_ image: Image) throws -> Inspection { try inspect(extractor.prepare(image)) }

  public func inspect(_ picture: NetworkPicture) throws -> Inspection {
    let descriptors = try extractor.descriptors(of: picture)
    let (distances, rows) = try bank.nearest(descriptors)
    let map = try anomalyMap(distances)
    let (patch, score) = try strangest(distances)
    let reweighted = try bank.reweighted(
      score: score, patch: descriptors.sliced(patch..<(patch + 1)), row: rows.values()[patch],
      count: configuration.neighbours)
    return Inspection(score: score, reweightedScore: reweighted, map: map)
  }

  /// The score and the smoothed map's largest value, for thresholds.
  static func heldOutScore(
    _ descriptors: Tensor, bank: MemoryBank, grid: Int, configuration: PatchCoreConfiguration
  ) throws -> HeldOutScore {
    let (distances, _) = try bank.nearest(descriptors)
    let map = try smoothedMap(distances, grid: grid, configuration: configuration)
    return HeldOutScore(score: try strangest(distances.values()).score, largestPixel: try map.values().max() ?? 0)
  }

  private func anomalyMap(_ distances: Tensor) throws -> AnomalyMap {
    let size = configuration.size
    let map = try Self.smoothedMap(distances, grid: extractor.grid, configuration: configuration)
    return AnomalyMap(width: size, height: size, values: try map.values())
  }

  private func strangest(_ distances: Tensor) throws -> (patch: Int, score: Float) {
    try Self.strangest(distances.values())
  }

  /// [1, size, size, 1]: patch distances resized bilinearly to network pixels and smoothed.
  private static func smoothedMap(
    _ distances: Tensor, grid: Int, configuration: PatchCoreConfiguration
  ) throws -> Tensor {
    try distances.reshaped(to: [1, grid, grid, 1])
      .resampled(.bilinearHalfPixel, height: configuration.size, width: configuration.size)
      .gaussianSmoothed(sigma: configuration.smoothingSigma)
  }

  /// The first patch with the largest distance.
  private static func strangest(_ distances: [Float]) throws -> (patch: Int, score: Float) {
    guard distances.allSatisfy(\.isFinite), let score = distances.max(), let patch = distances.firstIndex(of: score)
    else { throw DetectorError.notFinite(what: "A patch distance") }
    return (patch, score)
  }
}
