import Checkpoints
import Detectors
public import Images

/// A picture file that says which part of every picture is not inspected.
///
/// It is stretched over the pictures, whatever its size; any value but zero, in any channel, is set.
public struct IgnoredFile: Sendable {
  /// Set where ignored.
  public let mask: Mask
  private let path: String
  let sha256: String
  private let isRegion: Bool

  /// - isRegion: whether the file is set where pictures are inspected, and not where they are ignored
  /// - Throws: `ImageError` when the file cannot be read, `CheckpointError` when it vanished meanwhile.
  public init(path: String, isRegion: Bool) throws {
    let mask = try Mask(path: path)
    self.mask =
      isRegion ? Mask(width: mask.width, height: mask.height, values: mask.values.map { $0 == 0 ? 1 : 0 }) : mask
    self.path = path
    self.isRegion = isRegion
    sha256 = try SHA256.hash(fileAt: path)
  }

  /// What a model says of it.
  func note(_ detector: any Detector) -> ModelDescription.IgnoredPart {
    ModelDescription.IgnoredPart(
      path: path, sha256: sha256, isRegion: isRegion, inspectedPatches: detector.patchesPerPicture,
      patches: detector.gridPatches)
  }
}
