/// Which masks belong to which pictures: by stem, whatever the extension.
///
/// `crack/003.png` has the mask `crack/003.bmp`, `crack/003_mask.png` or `crack/003_gt.png`, or all pictures in the folder
/// `crack/003`. Letter case only counts where two pictures differ in nothing else. The first rule that finds a picture
/// decides.
struct MaskPairing {
  /// Of each picture; several only from a folder of its own.
  private(set) var masks: [[String]]
  /// Masks that belong to no picture.
  private(set) var orphans: [String] = []

  private let pictures: [String]
  private let exact: [String: [Int]]
  private let folded: [String: [Int]]
  /// Only where folders need not be the same on both sides.
  private let byName: [String: [Int]]

  static let suffixes = ["_mask", "_gt", "-mask", "-gt", ".mask", ".gt"]

  /// - pictures, masks: paths below `pictureFolder` and `maskFolder`
  /// - loose: whether masks may lie in other folders than their pictures, for people's own layouts: all in one, or in
  ///   one that is named like the picture's.
  init(
    pictures: [String], in pictureFolder: String, masks found: [String], in maskFolder: String, loose: Bool = false
  ) throws(DatasetError) {
    let keys = pictures.map { PathName.withoutExtension(PathName.below(pictureFolder, $0)) }
    let indices = keys.indices
    self.pictures = pictures
    exact = Dictionary(grouping: indices) { keys[$0] }
    folded = Dictionary(grouping: indices) { keys[$0].lowercased() }
    byName = loose ? Dictionary(grouping: indices) { PathName.last(keys[$0]).lowercased() } : [:]
    masks = pictures.map { _ in [] }
    // The folder that a picture's masks come from, nil once it has one of its own.
    var folders: [Int: String?] = [:]
    for mask in found {
      let key = PathName.withoutExtension(PathName.below(maskFolder, mask))
      guard let (picture, folder) = try match(key, mask) else {
        orphans.append(mask)
        continue
      }
      if let other = masks[picture].last, folder == nil || folders[picture] != .some(folder) {
        throw .duplicate(path: mask, other: other)
      }
      folders[picture] = .some(folder)
      masks[picture].append(mask)
    }
  }

  /// The picture of a mask, and the folder of channels that it lies in, if it does.
  private func match(_ key: String, _ mask: String) throws(DatasetError) -> (picture: Int, folder: String?)? {
    let plain = Self.suffixes.first { key.lowercased().hasSuffix($0) }.map { String(key.dropLast($0.count)) }
    for candidate in [key, plain].compactMap({ $0 }) {
      if let picture = try lookUp(candidate) { return (picture, nil) }
    }
    let folder = PathName.folder(key)
    if !folder.isEmpty, let picture = try lookUp(folder) { return (picture, folder) }
    for candidate in [key, plain].compactMap({ $0 }) {
      let sameFolder = (byName[PathName.last(candidate).lowercased()] ?? []).filter { picture in
        let parent = PathName.last(PathName.folder(pictures[picture]))
        return folder.isEmpty || PathName.last(folder).lowercased() == parent.lowercased()
      }
      if let picture = try only(sameFolder) { return (picture, nil) }
    }
    return nil
  }

  private func lookUp(_ key: String) throws(DatasetError) -> Int? {
    if let same = exact[key] { return try only(same) }
    return try only(folded[key.lowercased()] ?? [])
  }

  /// Pictures of one stem would share a mask.
  private func only(_ found: [Int]) throws(DatasetError) -> Int? {
    guard found.count < 2 else { throw .duplicate(path: pictures[found[1]], other: pictures[found[0]]) }
    return found.first
  }
}
