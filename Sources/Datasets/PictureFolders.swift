/// Folders of pictures in a person's own layout: normal ones, and perhaps defective and normal ones for tests, and masks.
///
/// Pictures may lie in folders below. A defective picture's kind is the folder that it lies in.
public struct PictureFolders: Sendable {
  public var name: String
  /// The folder that the others are told relative to; empty for the current one.
  public var root: String
  public var normal: [String]
  public var abnormal: [String]
  public var normalTest: [String]
  public var masks: [String]

  public init(
    name: String? = nil, root: String = "", normal: [String] = [], abnormal: [String] = [], normalTest: [String] = [],
    masks: [String] = []
  ) {
    self.root = PathName.trimmed(root)
    let named = root.isEmpty ? (normal + normalTest + abnormal).first ?? "." : root
    self.name = name ?? PathName.last(PathName.absolute(named))
    self.normal = normal
    self.abnormal = abnormal
    self.normalTest = normalTest
    self.masks = masks
  }

  /// A folder that holds nothing but normal pictures.
  init(only root: String) { self.init(root: root, normal: [""]) }

  private func resolved(_ folder: String) -> String {
    let folder = PathName.trimmed(folder)
    return folder.isEmpty ? root : PathName.joined(root, folder)
  }
}

extension PictureFolders: CategorySource {
  var kind: DatasetKind { .folder }

  func categories() throws(DatasetError) -> [String] {
    // Folders below may hold anything, defective pictures too: a person has to name the normal ones.
    guard normal == [""] else { return [name] }
    let holdsPictures = try !FolderListing(root).paths.isEmpty
    return holdsPictures && FolderListing.folders(in: root).isEmpty ? [name] : []
  }

  func category(_ name: String) throws(DatasetError) -> Category {
    var files = Files()
    let training = try files.take(normal.map(resolved), as: "--normal").flatMap(\.paths)
    let good = try files.take(normalTest.map(resolved), as: "--normal-test").flatMap(\.paths)
    let defective = try files.take(abnormal.map(resolved), as: "--abnormal")
    let maskFolders = try files.take(masks.map(resolved), as: "--masks")
    var samples = good.map { Sample(path: $0, label: .good) }
    var pictures: [String: String] = [:]
    for group in defective {
      var masks = group.paths.map { _ in [String]() }
      for folder in maskFolders {
        let pairing = try MaskPairing(
          pictures: group.paths, in: group.folder, masks: folder.paths, in: folder.folder, loose: true)
        for (index, found) in pairing.masks.enumerated() {
          if let first = found.first, let other = masks[index].first { throw .duplicate(path: first, other: other) }
          for mask in found {
            if let other = pictures.updateValue(group.paths[index], forKey: mask) {
              throw .duplicate(path: group.paths[index], other: other)
            }
          }
          masks[index] += found
        }
      }
      samples += zip(group.paths, masks).map { path, masks in
        let inside = PathName.below(group.folder, path).split(separator: "/")
        let kind = inside.count > 1 ? String(inside[0]) : PathName.last(PathName.absolute(group.folder))
        return Sample(path: path, label: .defective(kind: kind), masks: masks)
      }
    }
    for mask in maskFolders.flatMap(\.paths) where pictures[mask] == nil {
      files.skipped.append(SkippedFile(mask, "a mask without a picture"))
    }
    return Category(
      name: name, kind: .folder, root: root, training: training, test: samples, skipped: files.skipped)
  }

  /// Pictures found so far, each in one role.
  private struct Files {
    var skipped: [SkippedFile] = []
    private var roles: [String: String] = [:]

    mutating func take(_ folders: [String], as role: String) throws(DatasetError) -> [(folder: String, paths: [String])]
    {
      var groups: [(folder: String, paths: [String])] = []
      for folder in folders {
        let listing = try FolderListing(folder, nested: true)
        guard !listing.paths.isEmpty else { throw .empty(path: folder) }
        for path in listing.paths {
          // However the folders were written.
          let standard = PathName.absolute(path)
          if let other = roles.updateValue(role, forKey: standard) { throw .overlap(path: path, roles: [other, role]) }
        }
        skipped += listing.skipped
        groups.append((folder, listing.paths))
      }
      return groups
    }
  }
}
