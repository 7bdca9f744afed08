package import Networks
package import Tensors

/// A convolution with its normalisation, as students are made of: one that is trained, or one that is folded for inference.
package protocol StudentConvolution {
  /// - residual: added before the rectification; the result's shape
  func callAsFunction(_ x: Tensor, residual: Tensor?, isRectified: Bool, _ pass: Pass) throws -> Tensor
}

/// A residual block: a chain of normalised convolutions with ReLU between, the shortcut added before the last ReLU.
package struct ResidualBlock<Convolution: StudentConvolution> {
  let chain: [Convolution]
  let shortcut: Convolution?
  /// Whether a ReLU ends the block.
  let isRectified: Bool

  package func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let inner = try chain.dropLast().reduce(x) { try $1($0, residual: nil, isRectified: true, pass) }
    let residual = try shortcut?(x, residual: nil, isRectified: false, pass) ?? x
    return try chain[chain.count - 1](inner, residual: residual, isRectified: isRectified, pass)
  }

  func map<Other>(_ change: (Convolution) throws -> Other) rethrows -> ResidualBlock<Other> {
    ResidualBlock<Other>(
      chain: try chain.map(change), shortcut: try shortcut.map(change), isRectified: isRectified)
  }
}

extension ResidualBlock: Sendable where Convolution: Sendable {}

extension ResidualBlock<TrainedConvolution> {
  init(
    _ builder: NetworkBuilder, _ block: ReverseDistillationPlan.Block, inputs: Int, width: Int, outputs: Int,
    change: SizeChange, isRectified: Bool
  ) throws {
    self.isRectified = isRectified
    func convolution(_ place: Int, _ inputs: Int, _ outputs: Int, kernel: Int, _ change: SizeChange = .none) throws
      -> TrainedConvolution
    {
      try TrainedConvolution(
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
      : try TrainedConvolution(
        builder, names: ("\(name).0", "\(name).1"), inputs: inputs, outputs: outputs, kernel: 1, change: change)
  }

  /// A stage's blocks one after another.
  ///
  /// - endsRectified: whether a ReLU ends the last one; all others have theirs
  static func stage(
    _ builder: NetworkBuilder, _ block: ReverseDistillationPlan.Block, _ stage: ReverseDistillationPlan.Stage,
    inputs: Int, change: SizeChange, endsRectified: Bool = true
  ) throws -> [ResidualBlock] {
    try (0..<stage.blocks).map { index in
      try ResidualBlock(
        builder["\(index)"], block, inputs: index == 0 ? inputs : stage.outputs, width: stage.width,
        outputs: stage.outputs, change: index == 0 ? change : .none,
        isRectified: endsRectified || index < stage.blocks - 1)
    }
  }
}
