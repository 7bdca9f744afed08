public import Checkpoints
public import Compute
public import Tensors

/// EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946, in TensorFlow's Lite variant: no squeeze-excitation, ReLU6).
///
/// Convolutions are bias-free with batch normalisation (ε = 1e-3) folded in at load; padding is TensorFlow's SAME.
public struct EfficientNetLite0: Backbone {
  public let kind = BackboneKind.efficientNetLite0
  public let device: any Device
  public let taps = [
    FeatureTap(stride: 4, channels: 24), FeatureTap(stride: 8, channels: 40), FeatureTap(stride: 16, channels: 112),
    FeatureTap(stride: 32, channels: 320),
  ]
  public let normalization = PixelNormalization(offset: [127, 127, 127], scale: [128, 128, 128])
  public static let classCount = 1000

  /// One stage of equal blocks; the first has the stage's stride.
  private struct Stage {
    let blocks, kernel, stride, expansion, inputs, outputs: Int
  }

  private static let stages = [
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 1, inputs: 32, outputs: 16),
    Stage(blocks: 2, kernel: 3, stride: 2, expansion: 6, inputs: 16, outputs: 24),
    Stage(blocks: 2, kernel: 5, stride: 2, expansion: 6, inputs: 24, outputs: 40),
    Stage(blocks: 3, kernel: 3, stride: 2, expansion: 6, inputs: 40, outputs: 80),
    Stage(blocks: 3, kernel: 5, stride: 1, expansion: 6, inputs: 80, outputs: 112),
    Stage(blocks: 4, kernel: 5, stride: 2, expansion: 6, inputs: 112, outputs: 192),
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 6, inputs: 192, outputs: 320),
  ]

  /// The block whose output is the tap of each stride.
  private static let tapBlocks = [4: 2, 8: 4, 16: 10, 32: 15]

  /// Expansion 1x1, depthwise k x k, projection 1x1, and the shortcut where shapes allow it.
  private struct Block: Sendable {
    let expansion: FoldedConvolution?
    let depthwise: FoldedConvolution
    let projection: FoldedConvolution
    let hasShortcut: Bool

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      let expanded = try expansion.map { try $0(x) } ?? x
      return try projection(depthwise(expanded), residual: hasShortcut ? x : nil)
    }
  }

  private let stem: FoldedConvolution
  private let blocks: [Block]
  private let head: FoldedConvolution
  /// [1, 1, 1280, 1000] and [1000]
  private let classifier: Storage
  private let classifierBias: Storage

  /// Loads the network; every tensor must be there with the right shape.
  ///
  /// - Throws: a checkpoint error naming the file and the tensor.
  public init(_ file: any TensorFile, on device: any Device) throws {
    let weights = WeightReader(file)
    self.device = device
    func folded(
      _ convolution: String, _ normalization: String, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1,
      groups: Int = 1, activation: Activation = .relu6
    ) throws -> FoldedConvolution {
      try FoldedConvolution(
        weights, convolution: convolution, normalization: normalization, inputs: inputs, outputs: outputs,
        kernel: kernel, stride: stride, groups: groups, activation: activation, epsilon: 1e-3, on: device)
    }
    stem = try folded("_conv_stem", "_bn0", 3, 32, kernel: 3, stride: 2)
    var blocks: [Block] = []
    for stage in Self.stages {
      for index in 0..<stage.blocks {
        let name = "_blocks.\(blocks.count)"
        let inputs = index == 0 ? stage.inputs : stage.outputs
        let stride = index == 0 ? stage.stride : 1
        let inner = inputs * stage.expansion
        blocks.append(
          Block(
            expansion: stage.expansion == 1 ? nil : try folded("\(name)._expand_conv", "\(name)._bn0", inputs, inner),
            depthwise: try folded(
              "\(name)._depthwise_conv", "\(name)._bn1", inner, inner, kernel: stage.kernel, stride: stride,
              groups: inner),
            projection: try folded(
              "\(name)._project_conv", "\(name)._bn2", inner, stage.outputs, activation: .none),
            hasShortcut: stride == 1 && inputs == stage.outputs))
      }
    }
    self.blocks = blocks
    head = try folded("_conv_head", "_bn1", 320, 1280)
    classifier = try Storage(
      transposed(weights("_fc.weight", [Self.classCount, 1280]), rows: Self.classCount, columns: 1280), on: device)
    classifierBias = try Storage(weights("_fc.bias", [Self.classCount]), on: device)
  }

  public func features(_ x: Tensor, strides: [Int]) throws -> [Tensor] {
    let wanted = try strides.map { stride in
      guard let block = Self.tapBlocks[stride] else {
        throw ShapeError.outOfRange(operation: "features", what: "the stride of a tap", value: stride, allowed: 4...32)
      }
      return block
    }
    var found: [Int: Tensor] = [:]
    try run(x, through: wanted.max() ?? -1) { index, output in
      if let index, wanted.contains(index) { found[index] = output }
    }
    return wanted.compactMap { found[$0] }
  }

  /// The scores of the 1000 ImageNet classes before softmax.
  ///
  /// - x: [batch, height, width, 3]; result: [batch, 1000]
  public func logits(_ x: Tensor) throws -> Tensor {
    try classified(head(run(x, through: blocks.count - 1) { _, _ in }))
  }

  /// - features: [batch, height, width, 1280]
  private func classified(_ features: Tensor) throws -> Tensor {
    let pooled = try features.globallyPooled(.average(paddingCounts: true))
    return try pooled.convolved(
      with: Tensor(classifier, shape: [1, 1, 1280, Self.classCount]),
      bias: Tensor(classifierBias, shape: [Self.classCount])
    ).reshaped(to: [features.shape[0], Self.classCount])
  }

  public func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws {
    let last = try run(x, through: blocks.count - 1) { index, output in
      try visit(index.map { "block\($0)" } ?? "stem", output)
    }
    let features = try head(last)
    try visit("head", features)
    try visit("logits", classified(features))
  }

  /// - visit: gets the outputs of the stem, without a number, and of each block
  @discardableResult
  private func run(_ x: Tensor, through last: Int, _ visit: (Int?, Tensor) throws -> Void) throws -> Tensor {
    var x = try stem(x)
    try visit(nil, x)
    for index in blocks.indices where index <= last {
      x = try blocks[index](x)
      try visit(index, x)
    }
    return x
  }
}
