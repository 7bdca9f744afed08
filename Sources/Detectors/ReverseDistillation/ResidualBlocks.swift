import Compute
import Networks
import Tensors

/// How the first block of a stage changes the size.
enum SizeChange {
  case none
  /// By a stride of 2.
  case halved
  /// By a 2x2 transposed convolution with a stride of 2.
  case doubled
}

/// A convolution that may be a transposed one, without bias, and its batch normalisation.
struct NormalizedConvolution {
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

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    switch kind {
    case .plain(let layer): try norm(layer(x, pass), pass)
    case .transposed(let layer): try norm(layer(x, pass), pass)
    }
  }
}

/// A residual block: a chain of normalised convolutions with ReLU between, the shortcut added before the last ReLU.
struct ResidualBlock {
  private let chain: [NormalizedConvolution]
  private let shortcut: NormalizedConvolution?

  init(
    _ builder: NetworkBuilder, _ block: ReverseDistillationPlan.Block, inputs: Int, width: Int, outputs: Int,
    change: SizeChange
  ) throws {
    func convolution(_ place: Int, _ inputs: Int, _ outputs: Int, kernel: Int, _ change: SizeChange = .none) throws
      -> NormalizedConvolution
    {
      try NormalizedConvolution(
        builder, names: ("conv\(place)", "bn\(place)"), inputs: inputs, outputs: outputs, kernel: kernel,
        change: change)
    }
    chain =
      switch block {
      case .basic:
        [try convolution(1, inputs, outputs, kernel: 3, change), try convolution(2, outputs, outputs, kernel: 3)]
      case .bottleneck:
        [
          try convolution(1, inputs, width, kernel: 1), try convolution(2, width, width, kernel: 3, change),
          try convolution(3, width, outputs, kernel: 1),
        ]
      }
    let name = change == .doubled ? "upsample" : "downsample"
    shortcut =
      change == .none && inputs == outputs
      ? nil
      : try NormalizedConvolution(
        builder, names: ("\(name).0", "\(name).1"), inputs: inputs, outputs: outputs, kernel: 1, change: change)
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    var y = try chain[0](x, pass)
    for next in chain.dropFirst() { y = try next(y.activated(.relu), pass) }
    return try y.combined(.add, with: shortcut.map { try $0(x, pass) } ?? x).activated(.relu)
  }
}

/// A stage's blocks one after another.
func residualStage(
  _ builder: NetworkBuilder, _ block: ReverseDistillationPlan.Block, _ stage: ReverseDistillationPlan.Stage,
  inputs: Int, change: SizeChange
) throws -> [ResidualBlock] {
  try (0..<stage.blocks).map { index in
    try ResidualBlock(
      builder["\(index)"], block, inputs: index == 0 ? inputs : stage.outputs, width: stage.width,
      outputs: stage.outputs, change: index == 0 ? change : .none)
  }
}
