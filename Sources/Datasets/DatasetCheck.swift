import Checkpoints
import Foundation
import Images

/// Reads every picture and mask of a category, and says what is wrong with it.
public struct DatasetCheck: Sendable {
  public struct Problem: Hashable, Sendable {
    /// Whether training or evaluation would stop there; else it makes results worse without a word.
    public let isFatal: Bool
    public let text: String
  }

  public private(set) var problems: [Problem] = []
  /// Sizes of the pictures that could be read, with how often they occur.
  public private(set) var sizes: [Size: Int] = [:]

  public struct Size: Hashable, Sendable {
    public let width: Int
    public let height: Int

    public init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  /// - progress: called with pictures done and in all; may throw to stop.
  public init(_ category: Category, progress: (Int, Int) throws -> Void = { _, _ in }) throws {
    let normal = category.training + category.validation
    let total = normal.count + category.test.count
    for (index, path) in normal.enumerated() {
      _ = read(path)
      try progress(index + 1, total)
    }
    for (index, sample) in category.test.enumerated() {
      if let size = read(sample.path) { check(sample, size, category.defects) }
      try progress(normal.count + index + 1, total)
    }
    try checkContents(category)
    let defective = category.test.count { $0.label.isDefective }
    if !category.test.isEmpty, defective == 0 || defective == category.test.count {
      warn("there are no \(defective == 0 ? "defective" : "good") test pictures: no AUROC can be computed")
    }
  }

  private mutating func warn(_ text: String) { problems.append(Problem(isFatal: false, text: text)) }

  private mutating func fail(_ error: any Error) {
    let text = "\(error)"
    problems.append(Problem(isFatal: true, text: text.hasSuffix(".") ? String(text.dropLast()) : text))
  }

  /// A picture twice in training costs little; a test picture in training spoils the test.
  private mutating func checkContents(_ category: Category) throws {
    let parts = [category.training, category.validation, category.test.map(\.path)]
    var part: [String: Int] = [:]
    for (index, paths) in parts.enumerated() { for path in paths { part[path] = index } }
    for group in try Self.equalContents(parts.flatMap { $0 }) {
      guard let other = group.first(where: { part[$0] != part[group[0]] }) else { continue }
      warn("\(other) has the same content as \(group[0]), which is in another part")
    }
  }

  private mutating func read(_ path: String) -> Size? {
    do {
      let image = try Image(path: path)
      let size = Size(width: image.width, height: image.height)
      sizes[size, default: 0] += 1
      return size
    } catch {
      fail(error)
      return nil
    }
  }

  private mutating func check(_ sample: Sample, _ size: Size, _ table: DefectTable?) {
    if sample.label.isDefective, sample.masks.isEmpty {
      warn("\(sample.path) has no mask: it counts for picture metrics only")
    }
    for mask in sample.masks where ["jpg", "jpeg"].contains(mask.split(separator: ".").last?.lowercased()) {
      warn("the mask \(mask) is a JPEG file, whose compression blurs edges: every value but 0 counts as defective")
    }
    do {
      if try sample.mask(width: size.width, height: size.height) == nil, !sample.masks.isEmpty {
        warn("the mask of \(sample.path) has no defective pixel: the picture counts for picture metrics only")
      }
      if let table { _ = try sample.channels(table, width: size.width, height: size.height) }
    } catch { fail(error) }
  }

  /// Files of equal content, in the order given; only those that have the size of another one are read.
  ///
  /// - Throws: `CheckpointError` for a file that cannot be read.
  public static func equalContents(_ paths: [String]) throws -> [[String]] {
    func size(_ path: String) -> Int64 {
      var status = stat()
      return stat(path, &status) == 0 ? Int64(status.st_size) : -1
    }
    let candidates = Dictionary(grouping: paths, by: size).filter { $0.value.count > 1 }
    var groups: [[String]] = []
    for paths in candidates.values {
      var byHash: [String: [String]] = [:]
      for path in paths { byHash[try SHA256.hash(fileAt: path), default: []].append(path) }
      groups += byHash.values.filter { $0.count > 1 }
    }
    return groups.sorted { $0[0] < $1[0] }
  }
}

extension Category {
  /// Test pictures whose content is among some hashes: of a model's training files, for instance.
  ///
  /// - Throws: `CheckpointError` for a file that cannot be read.
  public func testPictures(hashedAs hashes: Set<String>) throws -> [Sample] {
    try test.filter { hashes.contains(try SHA256.hash(fileAt: $0.path)) }
  }
}
