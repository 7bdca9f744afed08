public import Compute
public import Networks
public import Tensors

/// Replaces each latent by the nearest vector of a codebook (van den Oord et al. 2017, arXiv 1711.00937, equations 1 to 3).
public struct VectorQuantizer {
  public struct Result {
    /// The nearest codes; their gradient goes to the latents as it is.
    public let values: Tensor
    /// Of each latent, row-major over [batch, height, width].
    public let indices: IndexStorage
    /// [1]
    public let loss: Tensor
  }

  /// [codes, width]
  public let codebook: Parameter
  public let lossKind: VQGANConfiguration.QuantizerLoss
  public let commitment: Float
  /// Whether the codebook follows the latents' averages instead of gradients: the loss is then the commitment alone.
  public var followsAverages = false

  init(_ builder: NetworkBuilder, _ configuration: VQGANConfiguration) throws {
    codebook = try builder["embedding"].parameter(
      "weight", [configuration.codes, configuration.codeWidth], .uniform(bound: 1 / Float(configuration.codes)))
    lossKind = configuration.quantizerLoss
    commitment = Float(configuration.commitment)
  }

  /// - z: [batch, height, width, code width]
  public func callAsFunction(_ z: Tensor, _ pass: Pass) throws -> Result {
    let rows = try z.reshaped(to: [z.shape.count / z.shape[3], z.shape[3]])
    let indices = try rows.nearestRows(of: codebook.value)
    let nearest = try codebook.tensor(on: pass.tape).gatheredRows(indices)
    return Result(
      values: try nearest.straightThrough(to: rows).reshaped(to: z.shape), indices: indices,
      loss: try loss(rows, nearest))
  }

  private func loss(_ rows: Tensor, _ nearest: Tensor) throws -> Tensor {
    let encoder = try Loss.meanSquare(nearest.detached, rows)
    if followsAverages { return try encoder.affine(scale: commitment, shift: 0) }
    let codes = try Loss.meanSquare(nearest, rows.detached)
    return switch lossKind {
    case .legacy: try codes.affine(scale: commitment, shift: 0).combined(.add, with: encoder)
    case .fixed: try encoder.affine(scale: commitment, shift: 0).combined(.add, with: codes)
    }
  }

  /// The codes of some indices.
  ///
  /// - shape: [batch, height, width, code width]
  public func codes(_ indices: IndexStorage, shape: Shape) throws -> Tensor {
    try codebook.value.gatheredRows(indices).reshaped(to: shape)
  }
}
