public import Compute
public import Tensors

/// A feature of a backbone: what a stage gives, at one stride of the picture.
public struct FeatureTap: Hashable, Sendable {
  /// Picture pixels a feature pixel.
  public let stride: Int
  public let channels: Int
  /// The layer whose output it is.
  public let layer: Int

  public init(stride: Int, channels: Int, layer: Int) {
    self.stride = stride
    self.channels = channels
    self.layer = layer
  }
}

/// A pretrained network that turns pictures into feature maps.
///
/// To add one: a file with its layers as a `NetworkPlan`, a case in ``BackboneKind``, its weights' entry in
/// `KnownWeights`, and a test against reference values.
public protocol Backbone: Sendable {
  var kind: BackboneKind { get }
  var device: any Device { get }
  /// In an order in which they can be run.
  var layers: [NetworkLayer<FoldedConvolution>] { get }
  /// From shallow to deep.
  var taps: [FeatureTap] { get }
  var normalization: PixelNormalization { get }
}

extension Backbone {
  /// The taps at the strides named, in that order.
  ///
  /// - Throws: `ShapeError` when the network has no tap of such a stride.
  public func taps(at strides: [Int]) throws -> [FeatureTap] {
    try strides.map { stride in
      guard let tap = taps.first(where: { $0.stride == stride }) else {
        let known = taps.map(\.stride)
        throw ShapeError.outOfRange(
          operation: "features", what: "the stride of a tap", value: stride,
          allowed: (known.min() ?? 1)...(known.max() ?? 1))
      }
      return tap
    }
  }

  /// Feature maps at the strides named, in that order; the network is not run beyond the deepest of them.
  ///
  /// - x: [batch, height, width, 3], normalised
  /// - result: [batch, ⌈height / stride⌉, ⌈width / stride⌉, channels] each; VGG16 rounds down
  public func features(_ x: Tensor, strides: [Int]) throws -> [Tensor] {
    let wanted = try taps(at: strides).map(\.layer)
    var found: [Int: Tensor] = [:]
    try run(x, through: wanted.max() ?? -1) { index, output in
      if wanted.contains(index) { found[index] = output }
    }
    return wanted.compactMap { found[$0] }
  }

  /// The named layers' outputs, in order: for comparisons and timings layer by layer.
  public func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws {
    try run(x, through: layers.count - 1) { index, output in
      if let name = layers[index].name { try visit(name, output) }
    }
  }

  /// - visit: gets the number of each layer and its output
  private func run(_ x: Tensor, through last: Int, visit: (Int, Tensor) throws -> Void) throws {
    var outputs = [Tensor?](repeating: nil, count: layers.count)
    let readers = lastReaders
    func output(_ index: Int?) throws -> Tensor {
      guard let index else { return x }
      guard let output = outputs[index] else { preconditionFailure("layer \(index) is read before it has run") }
      return output
    }
    for index in layers.indices where index <= last {
      let layer = layers[index]
      let made = try layer.applied(to: output(layer.input), residual: layer.residual.map(output))
      try visit(index, made)
      outputs[index] = made
      // Memory goes back to the device's pool as soon as nothing reads it.
      for source in [layer.input, layer.residual].compactMap({ $0 }) where readers[source] == index {
        outputs[source] = nil
      }
    }
  }

  /// For each layer the last one that reads it.
  private var lastReaders: [Int] {
    var last = [Int](repeating: -1, count: layers.count)
    for (index, layer) in layers.enumerated() {
      for source in [layer.input, layer.residual].compactMap({ $0 }) { last[source] = index }
    }
    return last
  }
}

extension NetworkLayer<FoldedConvolution> {
  func applied(to x: Tensor, residual: Tensor?) throws -> Tensor {
    switch operation {
    case .convolution(let convolution): try convolution(x, residual: residual)
    case .maximumPool(let kernel, let stride, let padding):
      try x.pooled(
        .maximum, kernel: Extent2D(kernel, kernel), stride: Extent2D(stride, stride),
        padding: Padding(integerLiteral: padding))
    case .globalAveragePool: try x.globallyPooled(.average(paddingCounts: true))
    }
  }
}

/// Pixel values to network input: `(value − offset) / scale` on 0…255, for red, green and blue.
public struct PixelNormalization: Hashable, Sendable {
  public let offset, scale: [Float]

  public init(offset: [Float], scale: [Float]) {
    self.offset = offset
    self.scale = scale
  }

  /// ImageNet's mean and standard deviation, on 0…255.
  public static let imageNet = PixelNormalization(
    offset: [0.485, 0.456, 0.406].map { 255 * $0 }, scale: [0.229, 0.224, 0.225].map { 255 * $0 })

  /// - x: [batch, height, width, 3]
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    if Set(offset).count == 1, Set(scale).count == 1 {
      return try x.affine(scale: 1 / scale[0], shift: -offset[0] / scale[0])
    }
    return try x.combined(.subtract, with: Tensor(offset, shape: [3], on: x.device))
      .combined(.divide, with: Tensor(scale, shape: [3], on: x.device))
  }
}

/// The backbones there are, by the name that `--backbone` takes.
public enum BackboneKind: String, CaseIterable, Codable, Sendable {
  case efficientNetLite0 = "efficientnet-lite0"
  case resNet18 = "resnet18"
  case wideResNet50x2 = "wide-resnet50-2"
  case vgg16 = "vgg16"
}
