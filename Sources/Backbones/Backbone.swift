public import Compute
public import Tensors

/// A feature of a backbone: what a stage gives, at one stride of the picture.
public struct FeatureTap: Hashable, Sendable {
  /// Picture pixels a feature pixel.
  public let stride: Int
  public let channels: Int

  public init(stride: Int, channels: Int) {
    self.stride = stride
    self.channels = channels
  }
}

/// A pretrained network that turns pictures into feature maps.
///
/// To add one: a file with its layers that conforms to this protocol, a case in ``BackboneKind``, its weights' entry in
/// `KnownWeights`, and a test against reference values.
public protocol Backbone: Sendable {
  var kind: BackboneKind { get }
  var device: any Device { get }
  /// From shallow to deep.
  var taps: [FeatureTap] { get }
  var normalization: PixelNormalization { get }

  /// Feature maps at the strides named, in that order; the network is not run beyond the deepest of them.
  ///
  /// - x: [batch, height, width, 3], normalised
  /// - result: [batch, ⌈height / stride⌉, ⌈width / stride⌉, channels] each
  func features(_ x: Tensor, strides: [Int]) throws -> [Tensor]

  /// Every layer's output by its name, in order: for comparisons and timings layer by layer.
  func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws
}

/// Pixel values to network input: `(value − offset) / scale` on 0…255, for red, green and blue.
public struct PixelNormalization: Hashable, Sendable {
  public let offset, scale: [Float]

  public init(offset: [Float], scale: [Float]) {
    self.offset = offset
    self.scale = scale
  }

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
}
