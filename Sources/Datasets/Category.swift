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
  /// Files whose union says where the defects are: one, or one for each annotated defect (MVTec LOCO AD). Empty where
  /// there is none.
  public let masks: [String]

  public init(path: String, label: Label, masks: [String] = []) {
    self.path = path
    self.label = label
    self.masks = masks
  }

  /// Folder and file name: enough to find the picture again.
  public var name: String { path.split(separator: "/").suffix(2).joined(separator: "/") }
}

/// A file or folder that was passed over.
public struct SkippedFile: Codable, Hashable, Sendable {
  public let path: String
  public let reason: String

  public init(_ path: String, _ reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// One product: normal pictures to train on, and test pictures.
public struct Category: Sendable {
  public let name: String
  /// Which layout it was read from; never ``DatasetKind/auto``.
  public let kind: DatasetKind
  /// The folder that paths are told relative to.
  public let root: String
  /// In the order of their names.
  public let training: [String]
  /// Normal pictures that the data set sets apart for thresholds; none in most.
  public let validation: [String]
  public let test: [Sample]
  /// What the values in masks mean, where the data set says (MVTec LOCO AD).
  public let defects: DefectTable?
  /// Files that were passed over, with the reason.
  public let skipped: [SkippedFile]

  public init(
    name: String, kind: DatasetKind = .folder, root: String = "", training: [String], validation: [String] = [],
    test: [Sample], defects: DefectTable? = nil, skipped: [SkippedFile] = []
  ) {
    self.name = name
    self.kind = kind
    self.root = root
    self.training = training
    self.validation = validation
    self.test = test
    self.defects = defects
    self.skipped = skipped
  }

  /// Test pictures of each kind: good ones first, then by name.
  public var testCounts: [(kind: String, count: Int)] {
    Dictionary(grouping: test, by: \.label).map { ($0.key, $0.value.count) }
      .sorted { ($0.0.isDefective ? 1 : 0, $0.0.name) < ($1.0.isDefective ? 1 : 0, $1.0.name) }
      .map { ($0.0.name, $0.1) }
  }

  /// A path below ``root`` without it, any other as it is.
  public func relative(_ path: String) -> String {
    !root.isEmpty && path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
  }

  /// The first `count` training pictures by name, or a random `count` of them drawn with a seed; all when nil.
  ///
  /// - Throws: ``DatasetError/shots(asked:available:category:)`` when there are fewer,
  ///   ``DatasetError/noTraining(category:)`` when there is none at all.
  public func shots(_ count: Int?, draw: UInt64? = nil) throws(DatasetError) -> [String] {
    guard !training.isEmpty else { throw .noTraining(category: name) }
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
