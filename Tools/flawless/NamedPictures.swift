import Datasets
import Foundation

/// A picture to inspect, and the relative name of what is written for it, without extension.
struct NamedPicture {
  let path: String
  let outputStem: String
}

/// The pictures that arguments name, without those that this program wrote itself.
enum NamedPictures {
  /// - Throws: `DatasetError`, also for a folder without pictures.
  static func find(_ arguments: [String], outside output: String?) throws -> [NamedPicture] {
    for argument in arguments where isFolder(argument) {
      guard (try? PictureFiles.expand([argument])) != nil else { throw DatasetError.empty(path: argument) }
    }
    let found = try PictureFiles.expand(arguments).filter { picture in
      !(output.map { isInside(picture.path, $0) } ?? false)
    }
    guard !found.isEmpty else { throw DatasetError.empty(path: arguments.joined(separator: ", ")) }
    return found.map { NamedPicture(path: $0.path, outputStem: $0.outputStem) }
  }

  static func isFolder(_ path: String) -> Bool {
    var folder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
  }

  /// Results may lie in the folder of the pictures; they are no pictures to inspect.
  static func isInside(_ path: String, _ folder: String) -> Bool {
    func standard(_ path: String) -> [String] { URL(fileURLWithPath: path).standardizedFileURL.pathComponents }
    return standard(path).starts(with: standard(folder))
  }
}
