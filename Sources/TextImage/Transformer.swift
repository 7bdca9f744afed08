import Backbones
import Checkpoints
import Compute
import Tensors

/// Layer normalisation with fixed weights.
struct FixedNormalization: Sendable {
  private let scale, shift: Storage
  private let epsilon: Float

  /// Reads `<name>.weight` and `<name>.bias`.
  init(_ file: any TensorFile, _ name: String, width: Int, epsilon: Float, on device: any Device) throws {
    scale = try Storage(file.tensor(named: "\(name).weight", shape: [width]).values, on: device)
    shift = try Storage(file.tensor(named: "\(name).bias", shape: [width]).values, on: device)
    self.epsilon = epsilon
  }

  /// - x: […, width]
  func callAsFunction(_ x: Tensor) throws -> Tensor {
    try x.layerNormalized(
      scale: Tensor(scale, shape: [scale.count]), shift: Tensor(shift, shape: [shift.count]), epsilon: epsilon)
  }
}

extension FoldedConvolution {
  /// A linear layer over rows [1, rows, 1, inputs], with its bias, activation and residual in the same pass.
  ///
  /// - weight: [outputs, inputs], as PyTorch has it
  init(weight: HostTensor, bias: [Float], activation: Activation = .none, on device: any Device) throws {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let own = try Tensor(weight.values, shape: [outputs, inputs], on: device).permuted([1, 0])
    self.init(
      weight: own.storage, weightShape: [1, 1, inputs, outputs], bias: try Storage(bias, on: device), stride: 1,
      groups: 1, padding: .symmetric(0), activation: activation)
  }

  /// Reads `<name>.weight` and `<name>.bias`.
  init(
    _ file: any TensorFile, _ name: String, inputs: Int, outputs: Int, activation: Activation = .none,
    on device: any Device
  ) throws {
    try self.init(
      weight: file.tensor(named: "\(name).weight", shape: [outputs, inputs]),
      bias: file.tensor(named: "\(name).bias", shape: [outputs]).values, activation: activation, on: device)
  }
}

/// A block of a transformer with fixed weights (Vaswani et al. 2017, arXiv 1706.03762): attention and two linear layers with an
/// activation between them, each added to what went in.
struct TransformerBlock: Sendable {
  let heads: Int
  let query, key, value, output: FoldedConvolution
  let inner, outer: FoldedConvolution
  let attentionNorm, outputNorm: FixedNormalization

  /// `x ← norm(x + attention(x)); x ← norm(x + outer(inner(x)))`, as the paper and BERT have it.
  ///
  /// - x: [1, batch · length, 1, width]
  func normalizingSums(_ x: Tensor, length: Int) throws -> Tensor {
    let middle = try attentionNorm(attended(x, residual: x, length: length, isCausal: false))
    return try outputNorm(outer(inner(middle), residual: middle))
  }

  /// `x ← x + attention(norm(x)); x ← x + outer(inner(norm(x)))`, as CLIP has it.
  ///
  /// - x: [1, batch · length, 1, width]
  /// - isCausal: whether a token sees only those before it
  func normalizingInputs(_ x: Tensor, length: Int, isCausal: Bool) throws -> Tensor {
    let middle = try attended(attentionNorm(x), residual: x, length: length, isCausal: isCausal)
    return try outer(inner(outputNorm(middle)), residual: middle)
  }

  private func attended(_ x: Tensor, residual: Tensor, length: Int, isCausal: Bool) throws -> Tensor {
    let (rows, width) = (x.shape[1], x.shape[3])
    let split: Shape = [rows / length, length, heads, width / heads]
    let attention = try query(x).reshaped(to: split)
      .attended(to: key(x).reshaped(to: split), values: value(x).reshaped(to: split), isCausal: isCausal)
    return try output(attention.reshaped(to: x.shape), residual: residual)
  }
}

extension Tensor {
  /// The same row added to each picture's or text's tokens.
  ///
  /// - self: [batch · length, width] or [batch, length, width]; positions: [length · width]
  func adding(positions: Storage) throws -> Tensor {
    let rows = try reshaped(to: [shape.count / positions.count, positions.count])
    return try rows.combined(.add, with: Tensor(positions, shape: [positions.count])).reshaped(to: shape)
  }
}
