import Compute
public import Tensors

/// ResNet-18 (He et al. 2016, arXiv 1512.03385, table 1) for training, with torchvision's names.
public struct ResidualClassifier {
  private let conv1: ConvolutionLayer
  private let bn1: BatchNormalizationLayer
  private let blocks: [ResidualBlock]
  private let head: LinearLayer

  public init(_ builder: NetworkBuilder, classes: Int = 1000) throws {
    conv1 = try ConvolutionLayer(
      builder["conv1"], inputs: 3, outputs: 64, kernel: 7, stride: 2, padding: 3, hasBias: false,
      initial: .kaimingNormal(fan: 49 * 64))
    bn1 = try BatchNormalizationLayer(builder["bn1"], channels: 64)
    var (blocks, inputs) = ([ResidualBlock](), 64)
    for (index, outputs) in [64, 128, 256, 512].enumerated() {
      let layer = builder["layer\(index + 1)"]
      blocks.append(try ResidualBlock(layer["0"], inputs: inputs, outputs: outputs, stride: index == 0 ? 1 : 2))
      blocks.append(try ResidualBlock(layer["1"], inputs: outputs, outputs: outputs, stride: 1))
      inputs = outputs
    }
    self.blocks = blocks
    head = try LinearLayer(builder["fc"], inputs: inputs, outputs: classes)
  }

  /// - x: [batch, height, width, 3]
  /// - result: logits, [batch, classes]
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    var h = try bn1(conv1(x, pass), activation: .relu, pass)
    h = try h.pooled(.maximum, kernel: 3, stride: 2, padding: 1)
    for block in blocks { h = try block(h, pass) }
    let pooled = try h.globallyPooled(.average(paddingCounts: false))
    return try head(pooled.reshaped(to: [x.shape[0], h.shape[3]]), pass)
  }
}

/// torchvision's `BasicBlock`.
private struct ResidualBlock {
  let conv1, conv2: ConvolutionLayer
  let bn1, bn2: BatchNormalizationLayer
  let downsample: (conv: ConvolutionLayer, norm: BatchNormalizationLayer)?

  init(_ builder: NetworkBuilder, inputs: Int, outputs: Int, stride: Int) throws {
    let stride = Extent2D(stride, stride)
    func convolution(_ builder: NetworkBuilder, _ inputs: Int, kernel: Int, stride: Extent2D) throws -> ConvolutionLayer
    {
      try ConvolutionLayer(
        builder, inputs: inputs, outputs: outputs, kernel: Extent2D(kernel, kernel), stride: stride,
        padding: kernel == 3 ? 1 : 0, hasBias: false, initial: .kaimingNormal(fan: kernel * kernel * outputs))
    }
    conv1 = try convolution(builder["conv1"], inputs, kernel: 3, stride: stride)
    bn1 = try BatchNormalizationLayer(builder["bn1"], channels: outputs)
    conv2 = try convolution(builder["conv2"], outputs, kernel: 3, stride: 1)
    bn2 = try BatchNormalizationLayer(builder["bn2"], channels: outputs)
    downsample =
      stride == 1
      ? nil
      : (
        try convolution(builder["downsample.0"], inputs, kernel: 1, stride: stride),
        try BatchNormalizationLayer(builder["downsample.1"], channels: outputs)
      )
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let h = try bn1(conv1(x, pass), activation: .relu, pass)
    let identity = try downsample.map { try $0.norm($0.conv(x, pass), pass) } ?? x
    return try bn2(conv2(h, pass), residual: identity, activation: .relu, pass)
  }
}
