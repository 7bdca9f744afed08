import Checkpoints
public import Foundation

/// `split.json` beside a model: which files it was made from, what else the category holds, and what was passed over.
public struct DatasetSplit: Codable, Hashable, Sendable {
  public static let file = "split.json"

  /// A picture that the model was made with.
  public struct File: Codable, Hashable, Sendable {
    /// Relative to the root where it lies below it.
    public let path: String
    /// "training" or "validation".
    public let split: String
    public let label: String
    public let sha256: String
  }

  /// Pictures that the category holds, whether the model has seen them or not.
  public struct Counts: Codable, Hashable, Sendable {
    public let training: Int
    public let validation: Int
    /// By kind.
    public let test: [String: Int]
    /// Defective test pictures without a mask.
    public let withoutMask: Int

    public init(_ category: Category) {
      training = category.training.count
      validation = category.validation.count
      test = Dictionary(uniqueKeysWithValues: category.testCounts.map { ($0.kind, $0.count) })
      withoutMask = category.test.count { $0.label.isDefective && $0.masks.isEmpty }
    }

    enum CodingKeys: String, CodingKey {
      case training, validation, test
      case withoutMask = "without_mask"
    }
  }

  public var format = 1
  public var dataset: DatasetKind
  public var root: String
  public var category: String
  public var shots: Int?
  public var draw: UInt64?
  public var files: [File]
  /// What was trained on beside real pictures; absent where there is none.
  public var generated: [GeneratedPictures.Picture]?
  public var counts: Counts
  public var skipped: [SkippedFile]

  /// - training: the pictures of the category that were trained on
  /// - generated: pictures that were trained on beside them
  /// - hashes: SHA-256 by path of what is hashed already
  /// - Throws: `CheckpointError` for a file that cannot be read.
  public init(
    _ category: Category, training: [String], generated: [GeneratedPictures.Picture] = [], shots: Int? = nil,
    draw: UInt64? = nil, hashes: [String: String] = [:]
  ) throws {
    func files(_ paths: [String], _ split: String) throws -> [File] {
      try paths.map {
        File(
          path: category.relative($0), split: split, label: Label.good.name,
          sha256: try hashes[$0] ?? SHA256.hash(fileAt: $0))
      }
    }
    dataset = category.kind
    root = category.root
    self.category = category.name
    self.shots = shots
    self.draw = draw
    self.files = try files(training, "training") + files(category.validation, "validation")
    self.generated =
      generated.isEmpty
      ? nil : generated.map { .init(path: category.relative($0.path), sha256: $0.sha256, parents: $0.parents) }
    counts = Counts(category)
    skipped = category.skipped.map { SkippedFile(category.relative($0.path), $0.reason) }
  }

  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}
