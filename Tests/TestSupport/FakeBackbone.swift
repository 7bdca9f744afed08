public import Backbones
public import Compute
public import Tensors

/// A network of two fixed random convolutions: tests of what is built on features need no weights.
///
/// Its features are `relu(x ⋆ w)` over blocks of 8x8 and 16x16 pixels.
public struct FakeBackbone: Backbone {
  public let kind = BackboneKind.efficientNetLite0
  public let device: any Device
  public let taps = [FeatureTap(stride: 8, channels: 7), FeatureTap(stride: 16, channels: 5)]
  public let normalization = PixelNormalization(offset: [127, 127, 127], scale: [128, 128, 128])
  /// By stride: [stride, stride, 3, channels].
  private let weights: [Int: Storage]

  public init(on device: any Device) throws {
    self.device = device
    var reproducible = Reproducible(7)
    weights = try Dictionary(
      uniqueKeysWithValues: taps.map { tap in
        (tap.stride, try Storage(reproducible.floats(tap.stride * tap.stride * 3 * tap.channels), on: device))
      })
  }

  public func trace(_ x: Tensor, visit: (String, Tensor) throws -> Void) throws {
    for tap in taps { try visit("tap\(tap.stride)", features(x, strides: [tap.stride])[0]) }
  }

  public func features(_ x: Tensor, strides: [Int]) throws -> [Tensor] {
    try strides.map { stride in
      guard let weight = weights[stride], let tap = taps.first(where: { $0.stride == stride }) else {
        throw ShapeError.outOfRange(operation: "features", what: "the stride of a tap", value: stride, allowed: 8...16)
      }
      return try x.convolved(
        with: Tensor(weight, shape: [stride, stride, 3, tap.channels]), activation: .relu,
        stride: Extent2D(stride, stride))
    }
  }
}
