import Compute
import Generator
public import Images

/// The shots and their copies, at the pictures' own size: what variants are drawn around.
///
/// A copy depends on the seed, its shot and its number alone. Copy 0 is the shot as it is.
public struct Originals: Sendable {
  public let files: [String]
  /// Of each shot.
  public let copies: Int
  public let augmentation: Augmentation
  public let seed: UInt64

  /// - Throws: `ImageError`, `GeneratorError`.
  public init(files: [String], copies: Int, augmentation: Augmentation, seed: UInt64) throws {
    guard !files.isEmpty else { throw GeneratorError.setting(name: "list of originals", reason: "is empty") }
    guard copies >= 1 else { throw GeneratorError.setting(name: "number of copies", reason: "must be at least 1") }
    try augmentation.validate()
    (self.files, self.copies, self.augmentation, self.seed) = (files, copies, augmentation, seed)
  }

  /// Keeps these draws apart from those of training and sampling.
  private static let mark: UInt64 = 0x4F52_4947_494E_414C

  /// - Throws: `ImageError`.
  public func picture(shot: Int, copy: Int) throws -> FloatImage {
    try self.copy(copy, ofShot: shot, FloatImage(Image(path: files[shot]).rgb))
  }

  /// - picture: the shot
  func copy(_ copy: Int, ofShot shot: Int, _ picture: FloatImage) throws(ImageError) -> FloatImage {
    guard copy > 0 else { return picture }
    var random = PhiloxStream(RandomKey(seed: seed ^ Self.mark, stream: UInt32(shot), step: UInt32(copy)))
    return try augmentation.applied(to: picture, using: &random)
  }
}
