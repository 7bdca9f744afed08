import Compute
package import Networks
package import Tensors

/// How the first block of a stage changes the size.
enum SizeChange {
  case none
  /// By a stride of 2.
  case halved
  /// By a 2x2 transposed convolution with a stride of 2.
  case doubled
}

/// A convolution that may be a transposed one, without bias, and its batch normalisation.
package struct TrainedConvolution: StudentConvolution {
  private enum Kind {
    case plain(ConvolutionLayer)
    case transposed(TransposedConvolutionLayer)
  }

  private let kind: Kind
  private let norm: BatchNormalizationLayer

  /// - names: of the convolution and of the normalisation
  init(
    _ builder: NetworkBuilder, names: (String, String), inputs: Int, outputs: Int, kernel: Int,
    change: SizeChange = .none
  ) throws {
    let convolution = builder[names.0]
    if change == .doubled {
      kind = .transposed(
        try TransposedConvolutionLayer(
          convolution, inputs: inputs, outputs: outputs, kernel: 2, stride: 2, hasBias: false))
    } else {
      // Kaiming's normal of the outgoing fan, as the authors have it; transposed ones keep the framework's.
      kind = .plain(
        try ConvolutionLayer(
          convolution, inputs: inputs, outputs: outputs, kernel: Extent2D(kernel, kernel),
          stride: change == .halved ? 2 : 1, padding: kernel == 3 ? 1 : 0, hasBias: false,
          initial: .kaimingNormal(fan: kernel * kernel * outputs)))
    }
    norm = try BatchNormalizationLayer(builder[names.1], channels: outputs)
  }

  package func callAsFunction(_ x: Tensor, residual: Tensor?, isRectified: Bool, _ pass: Pass) throws -> Tensor {
    let convolved =
      switch kind {
      case .plain(let layer): try layer(x, pass)
      case .transposed(let layer): try layer(x, pass)
      }
    let normalized = try norm(convolved, pass)
    let summed = try residual.map { try normalized.combined(.add, with: $0) } ?? normalized
    return isRectified ? try summed.activated(.relu) : summed
  }

  /// The same for inference, with the running statistics folded in: weights become `w · s`, the bias `β − μ · s`, with
  /// `s = γ / √(σ² + ε)`.
  package func folded() throws -> FoldedStudentConvolution {
    let (gamma, beta) = (try norm.weight.storage.values(), try norm.bias.storage.values())
    let (mean, variance) = (try norm.mean.storage.values(), try norm.variance.storage.values())
    let scale = gamma.indices.map { Double(gamma[$0]) / (Double(variance[$0]) + Double(norm.epsilon)).squareRoot() }
    let bias = gamma.indices.map { Float(Double(beta[$0]) - Double(mean[$0]) * scale[$0]) }
    switch kind {
    case .plain(let layer):
      return try FoldedStudentConvolution(layer, scale: scale, bias: bias)
    case .transposed(let layer):
      return try FoldedStudentConvolution(transposed: layer, scale: scale, bias: bias)
    }
  }
}
