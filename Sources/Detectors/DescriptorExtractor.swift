public import Backbones
import Compute
public import Images
public import Tensors

/// Turns pictures into locally aware patch descriptors (PatchCore, Roth et al. 2022, arXiv 2106.08265, section 3.1).
///
/// Each feature map is averaged over 3x3 neighbourhoods (zeros of the padding count), deeper maps are resized
/// bilinearly (half-pixel centres) to the first one's grid, and channels are concatenated.
public struct DescriptorExtractor: Sendable {
  public let backbone: any Backbone
  public let size: Int
  public let strides: [Int]

  public init(_ backbone: any Backbone, size: Int, strides: [Int]) {
    self.backbone = backbone
    self.size = size
    self.strides = strides
  }

  /// Floats in a descriptor.
  public var width: Int {
    strides.reduce(0) { sum, stride in sum + (backbone.taps.first { $0.stride == stride }?.channels ?? 0) }
  }

  /// Descriptors along each side of a picture.
  public var grid: Int { (size + strides[0] - 1) / strides[0] }
  public var rowsPerPicture: Int { grid * grid }

  /// - result: [grid · grid, width], row-major over the grid
  public func descriptors(of picture: NetworkPicture) throws -> Tensor {
    let input = try backbone.normalization(
      Tensor(picture.values, shape: [1, size, size, 3], on: backbone.device))
    let maps = try backbone.features(input, strides: strides).map { map in
      let averaged = try map.pooled(.average(paddingCounts: true), kernel: 3, stride: 1, padding: 1)
      return averaged.shape[1] == grid && averaged.shape[2] == grid
        ? averaged : try averaged.resampled(.bilinearHalfPixel, height: grid, width: grid)
    }
    return try Tensor.concatenated(maps, axis: 3).reshaped(to: [rowsPerPicture, width])
  }

  /// The picture as the network sees it: resized with antialiasing, RGB.
  public func prepare(_ image: Image) -> NetworkPicture { NetworkPicture(image, size: size) }
}
