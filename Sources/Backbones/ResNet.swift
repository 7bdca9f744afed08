import Checkpoints
public import Compute
public import Tensors

/// Residual networks (He et al. 2016, arXiv 1512.03385; wide: Zagoruyko and Komodakis 2016, arXiv 1605.07146) with
/// torchvision's structure and names: ResNet-18 and Wide-ResNet-50-2.
///
/// Batch normalisation (ε = 1e-5) is folded into the convolutions, ReLU and the shortcut's addition are fused.
public struct ResNet: Backbone {
  public let kind: BackboneKind
  public let device: any Device
  public let taps: [FeatureTap]
  /// ImageNet's, on 0…255.
  public let normalization = PixelNormalization(
    offset: [0.485, 0.456, 0.406].map { 255 * $0 }, scale: [0.229, 0.224, 0.225].map { 255 * $0 })

  /// What a network of this family is made of.
  struct Structure: Sendable {
    /// Blocks of layer1 to layer4.
    let blocks: [Int]
    /// Channels inside of layer1's blocks; each later layer has twice as many.
    let width: Int
    /// A bottleneck's outputs: 1x1, 3x3, 1x1; nil for two 3x3 of `width`.
    let bottleneckOutputs: Int?

    static let resNet18 = Structure(blocks: [2, 2, 2, 2], width: 64, bottleneckOutputs: nil)
    static let wideResNet50x2 = Structure(blocks: [3, 4, 6, 3], width: 128, bottleneckOutputs: 256)

    /// Output channels of a layer, counted from 0.
    func outputs(_ layer: Int) -> Int { (bottleneckOutputs ?? width) << layer }
  }

  private struct Block: Sendable {
    let convolutions: [FoldedConvolution]
    /// The shortcut's 1x1 convolution where shapes change.
    let downsample: FoldedConvolution?

    func callAsFunction(_ x: Tensor) throws -> Tensor {
      let shortcut = try downsample.map { try $0(x, padding: 0) } ?? x
      var y = x
      for (index, convolution) in convolutions.enumerated() {
        let padding = Padding(integerLiteral: convolution.weightShape[0] / 2)
        y = try convolution(y, residual: index == convolutions.count - 1 ? shortcut : nil, padding: padding)
      }
      return y
    }
  }

  private let stem: FoldedConvolution
  private let layers: [[Block]]

  /// Loads a network without its classifier; every other tensor must be there with the right shape.
  ///
  /// - Throws: a checkpoint error naming the file and the tensor.
  init(_ kind: BackboneKind, _ structure: Structure, _ file: any TensorFile, on device: any Device) throws {
    let weights = WeightReader(file)
    func folded(
      _ convolution: String, _ normalization: String, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1,
      activation: Activation = .relu
    ) throws -> FoldedConvolution {
      try FoldedConvolution(
        weights, convolution: convolution, normalization: normalization, inputs: inputs, outputs: outputs,
        kernel: kernel, stride: stride, activation: activation, epsilon: 1e-5, on: device)
    }
    self.kind = kind
    self.device = device
    stem = try folded("conv1", "bn1", 3, 64, kernel: 7, stride: 2)
    var layers: [[Block]] = []
    var inputs = 64
    for (layer, count) in structure.blocks.enumerated() {
      let (width, outputs) = (structure.width << layer, structure.outputs(layer))
      // Kernels and output channels of a block's convolutions; the first 3x3 has the stride.
      let shapes =
        structure.bottleneckOutputs == nil ? [(3, width), (3, width)] : [(1, width), (3, width), (1, outputs)]
      var blocks: [Block] = []
      for index in 0..<count {
        let name = "layer\(layer + 1).\(index)"
        let stride = index == 0 && layer > 0 ? 2 : 1
        let strided = shapes.firstIndex { $0.0 == 3 }
        var depth = inputs
        var convolutions: [FoldedConvolution] = []
        for (place, (kernel, channels)) in shapes.enumerated() {
          convolutions.append(
            try folded(
              "\(name).conv\(place + 1)", "\(name).bn\(place + 1)", depth, channels, kernel: kernel,
              stride: place == strided ? stride : 1))
          depth = channels
        }
        let changes = stride != 1 || inputs != outputs
        let downsample =
          changes
          ? try folded(
            "\(name).downsample.0", "\(name).downsample.1", inputs, outputs, kernel: 1, stride: stride,
            activation: .none) : nil
        blocks.append(Block(convolutions: convolutions, downsample: downsample))
        inputs = outputs
      }
      layers.append(blocks)
    }
    self.layers = layers
    taps = structure.blocks.indices.map { FeatureTap(stride: 4 << $0, channels: structure.outputs($0)) }
  }

  public func features(_ x: Tensor, strides: [Int]) throws -> [Tensor] {
    let wanted = try strides.map { stride in
      guard let layer = taps.firstIndex(where: { $0.stride == stride }) else {
        throw ShapeError.outOfRange(operation: "features", what: "the stride of a tap", value: stride, allowed: 4...32)
      }
      return layer
    }
    var found: [Int: Tensor] = [:]
    try run(x, through: wanted.max() ?? -1) { _, layer, output in found[layer] = output }
    return wanted.compactMap { found[$0] }
  }

  public func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws {
    try run(x, through: layers.count - 1) { name, _, output in try visit(name, output) }
  }

  /// - visit: gets each output, its name and the layer whose latest output it is (−1 for the stem)
  private func run(_ x: Tensor, through last: Int, _ visit: (String, Int, Tensor) throws -> Void) throws {
    var x = try stem(x, padding: 3)
    try visit("stem", -1, x)
    x = try x.pooled(.maximum, kernel: 3, stride: 2, padding: 1)
    for layer in layers.indices where layer <= last {
      for (index, block) in layers[layer].enumerated() {
        x = try block(x)
        try visit("layer\(layer + 1).\(index)", layer, x)
      }
    }
  }
}
