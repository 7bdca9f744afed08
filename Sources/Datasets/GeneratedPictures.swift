import Checkpoints
import Foundation

/// Good pictures that a generator made of real ones: trained on beside them, never in their place.
public struct GeneratedPictures: Hashable, Sendable {
  /// One picture, and what it was made of.
  public struct Picture: Codable, Hashable, Sendable {
    public let path: String
    public let sha256: String
    /// SHA-256 of the files of the real pictures that it descends from; nil where nobody knows.
    public let parents: [String]?

    public init(path: String, sha256: String, parents: [String]?) {
      self.path = path
      self.sha256 = sha256
      self.parents = parents
    }
  }

  /// In the order of the folders, and in each of the manifest, or by name.
  public private(set) var pictures: [Picture] = []
  /// How many the generator itself rejected.
  public private(set) var rejected = 0
  /// Files that were passed over, with the reason.
  public private(set) var skipped: [SkippedFile] = []

  /// Reads folders that `flawless generate` wrote, with ``manifestFile`` in them, and plain folders of pictures, whose parents
  /// nobody knows.
  ///
  /// - Throws: ``DatasetError/generated(folder:reason:)`` for a manifest that is wrong, or does not fit its files;
  ///   ``DatasetError/empty(path:)`` for a plain folder without pictures, ``DatasetError/overlap(path:roles:)`` for a picture
  ///   that is found twice.
  public init(_ folders: [String]) throws(DatasetError) {
    var found: [String: String] = [:]
    for folder in folders.map(PathName.trimmed) {
      let before = pictures.count
      guard PictureFiles.isFolder(folder) else { throw .missing(path: folder, expected: "a folder of pictures") }
      if FileManager.default.fileExists(atPath: "\(folder)/\(GeneratedManifest.file)") {
        let manifest = try GeneratedManifest(folder)
        pictures += manifest.accepted
        rejected += manifest.rejected
      } else {
        try addPlain(folder)
      }
      for picture in pictures[before...] {
        let place = PathName.real(picture.path)
        if let other = found.updateValue(folder, forKey: place) {
          throw .overlap(path: picture.path, roles: [other, folder])
        }
      }
    }
  }

  private mutating func addPlain(_ folder: String) throws(DatasetError) {
    let listing = try FolderListing(folder, nested: true)
    guard !listing.paths.isEmpty else { throw .empty(path: folder) }
    for path in listing.paths {
      pictures.append(Picture(path: path, sha256: try Self.hash(path), parents: nil))
    }
    skipped += listing.skipped
  }

  static func hash(_ path: String) throws(DatasetError) -> String {
    do { return try SHA256.hash(fileAt: path) } catch { throw .unreadable(path: path, reason: "it cannot be opened") }
  }
}
