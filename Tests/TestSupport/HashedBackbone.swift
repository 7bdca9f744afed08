public import Backbones
public import Compute
import Tensors

/// `perceptual` of `make_vqgan_fixtures.py`: two convolutions with values by its formula.
public struct HashedBackbone: Backbone {
  public let kind = BackboneKind.efficientNetLite0
  public let device: any Device
  public let layers: [NetworkLayer<FoldedConvolution>]
  public let taps = [FeatureTap(stride: 4, channels: 7, layer: 0), FeatureTap(stride: 8, channels: 5, layer: 1)]
  public let normalization = PixelNormalization(offset: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5])

  public init(on device: any Device) throws {
    self.device = device
    layers = try taps.map { tap in
      let weight = try Tensor(
        HashedValues.uniform("tap\(tap.stride)", tap.channels * 3 * tap.stride * tap.stride).map { $0 * 0x1p-4 },
        shape: [tap.channels, 3, tap.stride, tap.stride], on: device
      ).permuted([2, 3, 1, 0])
      let convolution = FoldedConvolution(
        weight: weight.storage, weightShape: weight.shape,
        bias: try Storage([Float](repeating: 0, count: tap.channels), on: device),
        stride: Extent2D(tap.stride, tap.stride), groups: 1, padding: .symmetric(0), activation: .relu)
      return NetworkLayer(.convolution(convolution), input: nil, name: "tap\(tap.stride)")
    }
  }
}
