public import Backbones
public import Checkpoints
import Compute
public import Images
public import Tensors

/// PatchCore (Roth et al. 2022, arXiv 2106.08265): a picture is as anomalous as its strangest patch is far from every
/// patch of the normal pictures.
public struct PatchCore: Detector {
  public static let trainsInSteps = false

  public let configuration: PatchCoreConfiguration
  public var threshold: Threshold?
  public internal(set) var heldOut: HeldOutScores?
  let source: PatchSource
  let bank: MemoryBank

  init(_ configuration: PatchCoreConfiguration, source: PatchSource, bank: MemoryBank) {
    self.configuration = configuration
    self.source = source
    self.bank = bank
  }

  /// A model with a memory bank made elsewhere.
  ///
  /// - bank: [rows, width]
  /// - ignored: set where pictures are not inspected, as it was while the bank was made
  public init(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, bank: Tensor, threshold: Threshold?,
    heldOut: HeldOutScores? = nil, ignored: Mask? = nil
  ) throws {
    try configuration.validate()
    let source = try PatchSource(configuration, backbone: backbone, ignored: ignored)
    guard bank.shape.rank == 2, bank.shape[1] == source.width else {
      throw ShapeError.mismatch(
        operation: "patchcore", argument: "bank", expected: [bank.shape.extents.first ?? 1, source.width],
        found: bank.shape.extents)
    }
    self.init(configuration, source: source, bank: try MemoryBank(bank))
    self.threshold = threshold
    self.heldOut = heldOut
  }

  private static let bankName = "memory_bank"

  public init(
    _ configuration: PatchCoreConfiguration, backbone: any Backbone, file: any TensorFile, threshold: Threshold?,
    heldOut: HeldOutScores?, ignored: Mask?
  ) throws {
    let bank = try file.tensor(named: Self.bankName)
    guard bank.values.allSatisfy(\.isFinite) else {
      throw DetectorError.notFinite(what: "The memory bank in \(file.path)")
    }
    let width = DescriptorExtractor(backbone, size: configuration.size, strides: configuration.strides).width
    guard bank.shape.count == 2, bank.shape[0] > 0, bank.shape[1] == width else {
      throw DetectorError.model(
        path: file.path, reason: "its memory bank is \(bank.shape), not rows of \(width) numbers")
    }
    try self.init(
      configuration, backbone: backbone, bank: Tensor(bank.values, shape: Shape(bank.shape), on: backbone.device),
      threshold: threshold, heldOut: heldOut, ignored: ignored)
  }

  public var backbone: any Backbone { source.extractor.backbone }
  public var bankRows: Int { bank.rowCount }
  public var extent: String { "\(bankRows) patches" }
  /// A host copy of the memory bank: [bankRows, descriptor width].
  public func bankValues() throws -> [Float] { try bank.neighbours.values.values() }
  public var descriptorWidth: Int { bank.neighbours.width }
  public var patchesPerPicture: Int { source.rowsPerPicture }
  public var gridPatches: Int { source.extractor.rowsPerPicture }
  public var ignored: Mask? { source.region?.ignored }

  public func inspect(_ picture: NetworkPicture) throws -> Inspection {
    let descriptors = try source.descriptors(of: picture)
    let (distances, rows) = try bank.nearest(descriptors)
    let map = try source.map(distances)
    let (patch, score) = try Self.strangest(distances.values())
    let reweighted = try bank.reweighted(
      score: score, patch: descriptors.sliced(patch..<(patch + 1)), row: rows.values()[patch],
      count: configuration.neighbours)
    return Inspection(score: score, reweightedScore: reweighted, map: map)
  }

  public func tensors() throws -> [String: HostTensor] {
    [Self.bankName: HostTensor(shape: [bankRows, descriptorWidth], values: try bankValues())]
  }

  /// The first patch with the largest distance.
  static func strangest(_ distances: [Float]) throws -> (patch: Int, score: Float) {
    guard distances.allSatisfy(\.isFinite), let score = distances.max(), let patch = distances.firstIndex(of: score)
    else { throw DetectorError.notFinite(what: "A patch distance") }
    return (patch, score)
  }
}
