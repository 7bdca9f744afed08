import Foundation

/// What is read of the `manifest.json` that `flawless generate` writes; other fields are ignored.
struct GeneratedManifest {
  static let file = "manifest.json"
  static let format = "flawless-generated/1"

  let accepted: [GeneratedPictures.Picture]
  let rejected: Int

  private struct Contents: Decodable {
    let format: String
    let pictures: [Entry]
  }

  private struct Entry: Decodable {
    /// Relative to the manifest's folder.
    let file: String
    let sha256: String
    let accepted: Bool
    let parents: [String]?
  }

  /// - Throws: ``DatasetError/generated(folder:reason:)``, also where a file is not the one that was accepted.
  init(_ folder: String) throws(DatasetError) {
    func wrong(_ reason: String) -> DatasetError { .generated(folder: folder, reason: reason) }
    struct Format: Decodable { let format: String }
    let decoder = JSONDecoder()
    guard let data = FileManager.default.contents(atPath: "\(folder)/\(Self.file)"),
      let format = try? decoder.decode(Format.self, from: data).format
    else { throw wrong("its \(Self.file) is damaged") }
    guard format == Self.format else {
      throw wrong("its format is '\(format)', this program reads '\(Self.format)'")
    }
    guard let contents = try? decoder.decode(Contents.self, from: data) else {
      throw wrong("its \(Self.file) is incomplete")
    }
    var accepted: [GeneratedPictures.Picture] = []
    for entry in contents.pictures where entry.accepted {
      accepted.append(
        .init(
          path: try Self.checked(entry, in: folder), sha256: entry.sha256.lowercased(),
          parents: entry.parents?.map { $0.lowercased() }))
    }
    guard !accepted.isEmpty else {
      throw wrong(
        contents.pictures.isEmpty
          ? "there is no picture in its \(Self.file)" : "none of its \(contents.pictures.count) pictures was accepted")
    }
    self.accepted = accepted
    rejected = contents.pictures.count - accepted.count
  }

  /// The path of an entry's file, which lies in the folder and has the entry's hash.
  private static func checked(_ entry: Entry, in folder: String) throws(DatasetError) -> String {
    func wrong(_ reason: String) -> DatasetError { .generated(folder: folder, reason: reason) }
    let path = "\(folder)/\(entry.file)"
    let leaves = entry.file.hasPrefix("/") || entry.file.split(separator: "/").contains("..")
    guard !leaves else { throw wrong("\(entry.file) does not lie in the folder") }
    if let reason = FolderListing.reasonToSkip(path) {
      throw wrong(
        FileManager.default.fileExists(atPath: path)
          ? "\(entry.file) is no picture file (\(reason))" : "its picture \(entry.file) is missing")
    }
    // A link may lead out as well.
    guard PathName.real(path).hasPrefix(PathName.real(folder) + "/") else {
      throw wrong("\(entry.file) does not lie in the folder")
    }
    guard try GeneratedPictures.hash(path) == entry.sha256.lowercased() else {
      throw wrong("\(entry.file) is not the file that was accepted, its hash is another; generate the pictures again")
    }
    return path
  }
}
