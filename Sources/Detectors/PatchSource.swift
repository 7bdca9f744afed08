import Backbones
import Compute
import Images
import Tensors

/// Where a detector's descriptors come from: the network, and the part of the picture that counts.
struct PatchSource: Sendable {
  let extractor: DescriptorExtractor
  /// nil where the whole picture counts.
  let region: InspectedRegion?
  let smoothingSigma: Double

  init(_ configuration: PatchCoreConfiguration, backbone: any Backbone, ignored: Mask?) throws {
    let extractor = DescriptorExtractor(backbone, size: configuration.size, strides: configuration.strides)
    self.extractor = extractor
    smoothingSigma = configuration.smoothingSigma
    region = try ignored.map {
      try InspectedRegion(ignored: $0, grid: extractor.grid, size: extractor.size, on: backbone.device)
    }
  }

  var device: any Device { extractor.backbone.device }
  var width: Int { extractor.width }
  /// Descriptors that a picture gives.
  var rowsPerPicture: Int { region?.patches.count ?? extractor.rowsPerPicture }

  /// - result: [rowsPerPicture, width]
  func descriptors(of picture: NetworkPicture) throws -> Tensor {
    guard let region else { return try extractor.descriptors(of: picture) }
    let filled = region.filled(picture, fill: extractor.backbone.normalization.offset)
    return try region.inspected(extractor.descriptors(of: filled))
  }

  /// Patch distances resized bilinearly to network pixels and smoothed; 0 where ignored.
  ///
  /// - distances: [rowsPerPicture]
  func map(_ distances: Tensor) throws -> AnomalyMap {
    let (grid, size) = (extractor.grid, extractor.size)
    let all = try region?.spread(distances) ?? distances
    let map = try all.reshaped(to: [1, grid, grid, 1]).resampled(.bilinearHalfPixel, height: size, width: size)
      .gaussianSmoothed(sigma: smoothingSigma)
    return AnomalyMap(width: size, height: size, values: try map.values(), ignored: region?.ignored)
  }

  /// What a bank that has not seen a picture says of it.
  ///
  /// - descriptors: [rowsPerPicture, width]
  func heldOutScore(_ descriptors: Tensor, _ bank: MemoryBank) throws -> HeldOutScores.Score {
    let (distances, _) = try bank.nearest(descriptors)
    return HeldOutScores.Score(
      picture: try PatchCore.strangest(distances.values()).score, largestPixel: try map(distances).largest)
  }
}
