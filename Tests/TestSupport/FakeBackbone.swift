public import Backbones
public import Compute

/// A network of two fixed random convolutions: tests of what is built on features need no weights.
///
/// Its features are `relu(x ⋆ w)` over blocks of 8x8 and 16x16 pixels.
public struct FakeBackbone: Backbone {
  public let kind = BackboneKind.efficientNetLite0
  public let device: any Device
  public let layers: [NetworkLayer<FoldedConvolution>]
  public let taps = [FeatureTap(stride: 8, channels: 7, layer: 0), FeatureTap(stride: 16, channels: 5, layer: 1)]
  public let normalization = PixelNormalization(offset: [127, 127, 127], scale: [128, 128, 128])

  public init(on device: any Device) throws {
    self.device = device
    var reproducible = Reproducible(7)
    layers = try taps.map { tap in
      let convolution = FoldedConvolution(
        weight: try Storage(reproducible.floats(tap.stride * tap.stride * 3 * tap.channels), on: device),
        weightShape: [tap.stride, tap.stride, 3, tap.channels],
        bias: try Storage([Float](repeating: 0, count: tap.channels), on: device),
        stride: Extent2D(tap.stride, tap.stride), groups: 1, padding: .symmetric(0), activation: .relu)
      return NetworkLayer(.convolution(convolution), input: nil, name: "tap\(tap.stride)")
    }
  }
}
