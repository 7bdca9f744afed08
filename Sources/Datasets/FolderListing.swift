import Foundation

/// What lies in a folder of pictures: the pictures in the order of their names, and what was passed over.
struct FolderListing {
  private(set) var paths: [String] = []
  private(set) var skipped: [SkippedFile] = []
  private let nested: Bool

  /// - nested: whether pictures in folders below count as well. Links are followed, but not in circles.
  init(_ folder: String, nested: Bool = false) throws(DatasetError) {
    self.nested = nested
    guard PictureFiles.isFolder(folder) else { throw .missing(path: folder, expected: "a folder of pictures") }
    try add(folder, above: [])
  }

  private mutating func add(_ folder: String, above: [String]) throws(DatasetError) {
    let names = try Self.names(in: folder)
    if names.isEmpty { skipped.append(SkippedFile(folder, "an empty folder")) }
    let real = PathName.real(folder)
    for name in names {
      let path = "\(folder)/\(name)"
      guard let reason = Self.reasonToSkip(path) else {
        paths.append(path)
        continue
      }
      if reason == Self.aFolder, nested {
        if (above + [real]).contains(PathName.real(path)) {
          skipped.append(SkippedFile(path, "a link back to a folder above it"))
        } else {
          try add(path, above: above + [real])
        }
      } else {
        skipped.append(SkippedFile(path, reason))
      }
    }
  }

  private static let aFolder = "a folder"

  /// Why a path is no picture, nil when it is one by its name. What links point to counts.
  static func reasonToSkip(_ path: String) -> String? {
    let name = PathName.last(path)
    var status = stat()
    if name.hasPrefix(".") { return "hidden" }
    if stat(path, &status) != 0 { return "a link to nothing" }
    if status.st_mode & S_IFMT == S_IFDIR { return aFolder }
    if !PictureFiles.isPicture(name) { return "not a picture by its name" }
    // A pipe would be waited for without end.
    return status.st_mode & S_IFMT == S_IFREG ? nil : "not a regular file"
  }

  /// Names in a folder, sorted.
  static func names(in folder: String) throws(DatasetError) -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
      throw .unreadable(path: folder, reason: "the folder cannot be opened")
    }
  }

  /// Folders that are not hidden, sorted; none where there is no such folder.
  static func folders(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && PictureFiles.isFolder("\(folder)/\($0)") }.sorted()
  }
}
