import Compute
import Generator
public import Images
public import Integrator

/// The shots and their copies, at the pictures' own size: what variants are drawn around.
///
/// A copy depends on the seed, its shot and its number alone. Copy 0 is the shot as it is. Originals are numbered so that the first
/// copies of all shots come before the second ones.
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

  public var count: Int { files.count * copies }

  public subscript(number: Int) -> Original { Original(parent: number % files.count, copy: number / files.count) }

  public var all: [Original] { (0..<count).map { self[$0] } }

  /// Keeps these draws apart from those of training and sampling.
  private static let mark: UInt64 = 0x4F52_4947_494E_414C

  /// RGB of 0 … 255.
  ///
  /// - Throws: `ImageError`.
  public func picture(_ number: Int) throws -> FloatImage {
    let original = self[number]
    let shot = FloatImage(try Image(path: files[original.parent]).rgb)
    guard original.copy > 0 else { return shot }
    var random = PhiloxStream(
      RandomKey(seed: seed ^ Self.mark, stream: UInt32(original.parent), step: UInt32(original.copy)))
    return try augmentation.applied(to: shot, using: &random)
  }
}
