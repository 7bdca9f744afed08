import Backbones
import Compute
import Detectors
import Images
import Tensors

/// The descriptors by which generated pictures are measured: PatchCore's.
struct GenerationDescriptors {
  private let extractor: DescriptorExtractor

  init(_ backbone: any Backbone) {
    let usual = PatchCoreConfiguration()
    extractor = DescriptorExtractor(backbone, size: usual.size, strides: usual.strides)
  }

  /// - result: [positions, width]
  func callAsFunction(_ image: Image) throws -> Tensor { try extractor.descriptors(of: extractor.prepare(image)) }

  /// - pictures: [pictures, height, width, 3], 0 … 1, square
  /// - result: [pictures, positions, width]
  func ofBatch(_ pictures: Tensor) throws -> Tensor {
    let levels = try pictures.affine(scale: 255, shift: 0).values()
    let (side, count) = (pictures.shape[1], pictures.shape[1] * pictures.shape[2] * 3)
    let found = try (0..<pictures.shape[0]).map { picture in
      let image = try FloatImage(
        width: side, height: side, channels: 3, samples: Array(levels[(picture * count)..<((picture + 1) * count)]))
      return try extractor.descriptors(
        of: NetworkPicture(image.resized(width: extractor.size, height: extractor.size)))
    }
    return try Tensor.concatenated(found, axis: 0)
      .reshaped(to: [pictures.shape[0], extractor.rowsPerPicture, extractor.width])
  }
}
