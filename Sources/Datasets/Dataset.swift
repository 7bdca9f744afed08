/// What a test picture is.
public enum Label: Hashable, Sendable {
  case good
  case defective(kind: String)

  public var isDefective: Bool { self != .good }
  public var name: String { if case .defective(let kind) = self { kind } else { "good" } }
}

/// A test picture and what is known of it.
public struct Sample: Hashable, Sendable {
  public let path: String
  public let label: Label
  /// nil for good pictures, and for defective ones without a mask.
  public let maskPath: String?

  public init(path: String, label: Label, maskPath: String?) {
    self.path = path
    self.label = label
    self.maskPath = maskPath
  }

  /// Folder and file name: enough to find the picture again.
  public var name: String { path.split(separator: "/").suffix(2).joined(separator: "/") }
}

/// One product: normal pictures to train on, and test pictures.
public struct Category: Sendable {
  public let name: String
  /// In the order of their names.
  public let training: [String]
  public let test: [Sample]
  /// Files that were passed over, with the reason.
  public let skipped: [(path: String, reason: String)]

  public init(name: String, training: [String], test: [Sample], skipped: [(path: String, reason: String)] = []) {
    self.name = name
    self.training = training
    self.test = test
    self.skipped = skipped
  }

  /// The first `count` training pictures by name, or a random `count` of them drawn with a seed; all when nil.
  ///
  /// - Throws: ``DatasetError/shots(asked:available:category:)`` when there are fewer.
  public func shots(_ count: Int?, draw: UInt64? = nil) throws(DatasetError) -> [String] {
    guard let count else { return training }
    guard count >= 1, count <= training.count else {
      throw .shots(asked: count, available: training.count, category: name)
    }
    guard let draw else { return Array(training.prefix(count)) }
    // Fisher and Yates with SplitMix64: the same pictures on every machine.
    var generator = SplitMix64(state: draw)
    var drawn = training
    for index in 0..<count {
      drawn.swapAt(index, index + Int(generator.next() % UInt64(drawn.count - index)))
    }
    return Array(drawn.prefix(count))
  }
}

/// Steele, Lea and Flood 2014: a small generator whose stream is fixed by its seed.
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// What can be wrong with a data set's folders.
public enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(path: String, expected: String)
  case empty(path: String)
  case maskSize(mask: String, found: [Int], expected: [Int])
  case shots(asked: Int, available: Int, category: String)
  case duplicate(path: String, other: String)
  case nothingMatches(String)

  public var description: String {
    switch self {
    case .missing(let path, let expected): "There is no folder \(path); expected is \(expected)."
    case .empty(let path): "There is no PNG or JPEG picture in \(path)."
    case .maskSize(let mask, let found, let expected):
      "The mask \(mask) is \(found[0]) x \(found[1]) pixels, but its picture is \(expected[0]) x \(expected[1])."
    case .shots(let asked, let available, let category):
      "\(asked) training pictures were asked for, but \(category) has \(available)."
    case .duplicate(let path, let other): "\(path) and \(other) have the same stem; masks cannot be told apart."
    case .nothingMatches(let pattern): "Nothing matches '\(pattern)'; name pictures, folders or quoted patterns."
    }
  }
}
