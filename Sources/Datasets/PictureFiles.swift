import Foundation

/// Finding picture files.
public enum PictureFiles {
  static let extensions: Set<String> = ["png", "jpg", "jpeg", "bmp", "tif", "tiff", "webp"]
  /// ``extensions`` in words.
  static let kinds = "PNG, JPEG, BMP, TIFF or WebP"

  /// A picture named on a command line, and the relative name of what is written for it, without extension.
  public struct Named: Hashable, Sendable {
    public let path: String
    public let outputStem: String
  }

  /// The pictures that arguments name: files, folders (with everything below them) and quoted patterns.
  ///
  /// A file that is named in full is taken whatever its extension; of what a pattern matches only pictures and folders.
  ///
  /// - Throws: ``DatasetError/nothingMatches(_:)`` for an argument without pictures.
  public static func expand(_ arguments: [String]) throws(DatasetError) -> [Named] {
    var found: [Named] = []
    for argument in arguments {
      let before = found.count
      let isExact = FileManager.default.fileExists(atPath: argument)
      for match in isExact ? [argument] : matches(argument) {
        if isFolder(match) {
          found += below(match)
        } else if isExact || isPicture(match) {
          found.append(Named(path: match, outputStem: stem((match as NSString).lastPathComponent)))
        }
      }
      guard found.count > before else { throw .nothingMatches(argument) }
    }
    return withUniqueStems(found)
  }

  private static func below(_ folder: String) -> [Named] {
    // A link to a folder would not be entered.
    let folder = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.sorted().filter { name in
      isPicture(name)
        && !name.split(separator: "/").contains { $0.hasPrefix(".") } && !isFolder("\(folder)/\(name)")
    }.map { Named(path: "\(folder)/\($0)", outputStem: stem($0)) }
  }

  private static func matches(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, GLOB_TILDE, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }

  /// Equal stems from different places get a number, so that no result overwrites another.
  private static func withUniqueStems(_ pictures: [Named]) -> [Named] {
    var used: Set<String> = []
    return pictures.map { picture in
      var (stem, number) = (picture.outputStem, 2)
      while !used.insert(stem).inserted {
        stem = "\(picture.outputStem)-\(number)"
        number += 1
      }
      return Named(path: picture.path, outputStem: stem)
    }
  }

  private static func stem(_ name: String) -> String { (name as NSString).deletingPathExtension }

  static func isPicture(_ name: String) -> Bool {
    extensions.contains((name as NSString).pathExtension.lowercased())
  }

  static func isFolder(_ path: String) -> Bool {
    var folder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
  }
}
