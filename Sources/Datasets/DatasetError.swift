/// What can be wrong with a data set's folders, lists and masks.
public enum DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(path: String, expected: String)
  case empty(path: String)
  case unreadable(path: String, reason: String)
  case unrecognised(root: String, layouts: [String])
  case category(asked: String?, root: String, known: [String])
  case noTraining(category: String)
  case shots(asked: Int, available: Int, category: String)
  case duplicate(path: String, other: String)
  case overlap(path: String, roles: [String])
  case listed(file: String, line: Int, reason: String)
  case maskSize(mask: String, found: [Int], expected: [Int])
  case maskOfGood(picture: String, mask: String, pixels: Int)
  case maskValues(mask: String, values: [Int])
  case maskValue(mask: String, value: Int, known: [Int])
  case defectTable(path: String, reason: String)
  case nothingMatches(String)
  case generated(folder: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let path, let expected): "There is no \(path); expected is \(expected)."
    case .empty(let path): "There is no \(PictureFiles.kinds) picture in \(path)."
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .unrecognised(let root, let layouts):
      "\(root) holds no data set that is recognised (\(layouts.joined(separator: "; "))); for another layout name folders "
        + "of good pictures with --normal, or a list with --manifest."
    case .category(nil, let root, let known):
      "\(root) holds \(known.count) categories; name one with --category: \(known.joined(separator: ", "))."
    case .category(let asked?, let root, let known):
      "There is no category '\(asked)' in \(root); there is \(known.joined(separator: ", "))."
    case .noTraining(let category): "There are no normal pictures of \(category) to train on."
    case .shots(let asked, let available, let category):
      "\(asked) training pictures were asked for, but \(category) has \(available)."
    case .duplicate(let path, let other): "\(path) and \(other) have the same stem; masks cannot be told apart."
    case .overlap(let path, let roles):
      "\(path) is found by \(roles.joined(separator: " and ")); a picture has one role."
    case .listed(let file, let line, let reason): "\(file), line \(line): \(reason)."
    case .maskSize(let mask, let found, let expected):
      "The mask \(mask) is \(found[0]) x \(found[1]) pixels, but its picture is \(expected[0]) x \(expected[1])."
    case .maskOfGood(let picture, let mask, let pixels):
      "\(picture) is said to be good, but its mask \(mask) has \(pixels) defective pixels; correct one of them."
    case .maskValues(let mask, let values):
      "The mask \(mask) has the values \(Self.list(values)), but the pixels of one defect share a single one."
    case .maskValue(let mask, let value, let known):
      "The mask \(mask) has the value \(value), which \(DefectTable.file) does not list; it lists \(Self.list(known))."
    case .defectTable(let path, let reason): "The table of defects \(path) cannot be used: \(reason)."
    case .nothingMatches(let pattern): "Nothing matches '\(pattern)'; name pictures, folders or quoted patterns."
    case .generated(let folder, let reason): "The generated pictures in \(folder) cannot be used: \(reason)."
    }
  }

  /// The first few of many values.
  private static func list(_ values: [Int]) -> String {
    values.prefix(20).map(String.init).joined(separator: ", ") + (values.count > 20 ? ", …" : "")
  }
}
