import Foundation

/// The layout that MVTec AD (Bergmann et al. 2019), MVTec LOCO AD (Bergmann et al. 2022), BTAD (Mishra et al. 2021) and
/// the reorganised VisA share but for names: `<category>/train/<normal>`, perhaps `validation/<normal>`,
/// `test/{<normal>,<kind>}`, and below `ground_truth/<kind>` a mask for each picture, or a folder of them.
struct ProductFolders: CategorySource {
  let kind: DatasetKind
  let root: String
  /// The folder of normal pictures: `good`, or `ok` in BTAD.
  let normal: String
  /// Whether a folder without a table of defects is none of the categories.
  let needsTable: Bool

  private var expected: String { "\(kind.layout): <category>/train/\(normal), test, ground_truth" }
  private var needed: [String] { ["train/\(normal)"] + (needsTable ? [DefectTable.file] : []) }

  func categories() -> [String] {
    let inside = FolderListing.folders(in: root).filter { isCategory("\(root)/\($0)") }
    // People also name the category's own folder.
    return inside.isEmpty && isCategory(root) ? [Self.ownName(root)] : inside
  }

  private func isCategory(_ folder: String) -> Bool {
    needed.allSatisfy { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }
  }

  private static func ownName(_ root: String) -> String { PathName.last(PathName.absolute(root)) }

  func category(_ name: String) throws(DatasetError) -> Category {
    var folder = "\(root)/\(name)"
    if !PictureFiles.isFolder(folder), isCategory(root), Self.ownName(root) == name { folder = root }
    for part in needed where !FileManager.default.fileExists(atPath: "\(folder)/\(part)") {
      throw .missing(path: "\(folder)/\(part)", expected: expected)
    }
    let training = try FolderListing("\(folder)/train/\(normal)")
    guard !training.paths.isEmpty else { throw .empty(path: "\(folder)/train/\(normal)") }
    var skipped = try unknown(in: folder, except: ["train", "test", "validation", "ground_truth", DefectTable.file])
    skipped += try unknown(in: "\(folder)/train", except: [normal]) + training.skipped
    var validation: [String] = []
    if PictureFiles.isFolder("\(folder)/validation/\(normal)") {
      let listing = try FolderListing("\(folder)/validation/\(normal)")
      validation = listing.paths
      skipped += try unknown(in: "\(folder)/validation", except: [normal]) + listing.skipped
    }
    let test = try test(in: folder, &skipped)
    let table = "\(folder)/\(DefectTable.file)"
    return Category(
      name: name, kind: kind, root: folder, training: training.paths, validation: validation, test: test,
      defects: FileManager.default.fileExists(atPath: table) ? try DefectTable(path: table) : nil, skipped: skipped)
  }

  private func test(in folder: String, _ skipped: inout [SkippedFile]) throws(DatasetError) -> [Sample] {
    var samples: [Sample] = []
    let kinds = FolderListing.folders(in: "\(folder)/test").sorted {
      ($0 == normal ? 0 : 1, $0) < ($1 == normal ? 0 : 1, $1)
    }
    skipped += try unknown(in: "\(folder)/test", except: kinds)
    for kind in kinds {
      let pictures = try FolderListing("\(folder)/test/\(kind)")
      skipped += pictures.skipped
      let maskFolder = "\(folder)/ground_truth/\(kind)"
      let masks = PictureFiles.isFolder(maskFolder) ? try FolderListing(maskFolder, nested: true) : nil
      let pairing = try MaskPairing(
        pictures: pictures.paths, in: "\(folder)/test/\(kind)", masks: masks?.paths ?? [], in: maskFolder)
      let label = kind == normal ? Label.good : .defective(kind: kind)
      samples += zip(pictures.paths, pairing.masks).map { Sample(path: $0, label: label, masks: $1) }
      skipped += (masks?.skipped ?? []) + pairing.orphans.map { SkippedFile($0, "a mask without a picture") }
    }
    skipped += try unknown(in: "\(folder)/ground_truth", except: kinds)
    return samples
  }

  /// What lies in a folder beside the parts that are read; nothing where there is no such folder.
  private func unknown(in folder: String, except parts: [String]) throws(DatasetError) -> [SkippedFile] {
    guard PictureFiles.isFolder(folder) else { return [] }
    return try FolderListing.names(in: folder).filter { !parts.contains($0) }.map { name in
      let reason = FolderListing.reasonToSkip("\(folder)/\(name)") ?? "a picture"
      return SkippedFile(
        "\(folder)/\(name)", reason.hasPrefix("a ") ? "\(reason) that is no part of the layout" : reason)
    }
  }
}
