import Foundation

/// Layouts of data sets.
public enum DatasetKind: String, CaseIterable, Codable, Sendable {
  /// The first layout in ``Dataset/recognisable`` that the folder has.
  case auto
  case mvtec, loco, btad, visa, folder

  /// In words, for messages.
  public var layout: String {
    switch self {
    case .auto: "whatever layout is recognised"
    case .mvtec: "MVTec AD's layout"
    case .loco: "MVTec LOCO AD's layout"
    case .btad: "BTAD's layout"
    case .visa: "VisA's layout"
    case .folder: "folders of pictures"
    }
  }
}

/// A way to find a data set's pictures.
protocol CategorySource: Sendable {
  /// What its categories are read as.
  var kind: DatasetKind { get }
  var root: String { get }
  /// Names in order; none where the folder has another layout.
  func categories() throws(DatasetError) -> [String]
  func category(_ name: String) throws(DatasetError) -> Category
}

/// A data set on disk, whatever its layout.
public struct Dataset: Sendable {
  let source: any CategorySource

  /// Which layout it has; never ``DatasetKind/auto``.
  public var kind: DatasetKind { source.kind }
  public var root: String { source.root }

  /// What VisA's usual protocol is called.
  public static let standardSplit = "1cls"

  /// Opens a data set by the folder that holds its categories, or by the folder of one of them.
  ///
  /// - split: which of VisA's lists in `split_csv` says what is for training and what for tests
  /// - Throws: ``DatasetError`` when the folder does not have the layout, or for `auto` none that is known.
  public init(_ kind: DatasetKind = .auto, root: String, split: String = standardSplit) throws(DatasetError) {
    let root = PathName.trimmed(root)
    guard PictureFiles.isFolder(root) else { throw .missing(path: root, expected: "the folder of a data set") }
    let layouts = Self.layouts.filter { kind == $0.kind || (kind == .auto && $0.isRecognised) }
    for layout in layouts {
      let source = layout.source(root, split)
      if try !source.categories().isEmpty {
        self.source = source
        return
      }
    }
    throw .unrecognised(root: root, layouts: layouts.map { "\($0.kind.rawValue): \($0.mark)" })
  }

  /// Folders of pictures that a person names.
  public init(_ folders: PictureFolders) { source = folders }

  /// A list of pictures; see ``Manifest``.
  public init(manifest path: String) throws(DatasetError) { source = try Manifest(path: path) }

  /// Names of products, in order.
  public func categories() throws(DatasetError) -> [String] { try source.categories() }

  /// One product; its name may be left out where there is one.
  ///
  /// - Throws: ``DatasetError`` naming the folder, file or line that is missing or wrong.
  public func category(_ name: String? = nil) throws(DatasetError) -> Category {
    let known = try categories()
    if let name {
      // A folder that lacks a part of the layout is told which.
      guard known.contains(name) || PictureFiles.isFolder("\(root)/\(name)") else {
        throw .category(asked: name, root: root, known: known)
      }
      return try source.category(name)
    }
    guard known.count == 1 else { throw .category(asked: nil, root: root, known: known) }
    return try source.category(known[0])
  }

  /// A layout, what it is recognised by, and how it is opened.
  private struct Layout: Sendable {
    let kind: DatasetKind
    let mark: String
    /// Whether `auto` looks for it: the reorganised VisA looks like MVTec AD.
    var isRecognised = true
    let source: @Sendable (_ root: String, _ split: String) -> any CategorySource
  }

  /// In the order in which they are looked for.
  private static let layouts = [
    Layout(kind: .visa, mark: VisALists.mark) { VisALists(root: $0, split: $1) },
    Layout(kind: .loco, mark: "<category>/\(DefectTable.file)") { root, _ in
      ProductFolders(kind: .loco, root: root, normal: "good", needsTable: true)
    },
    Layout(kind: .mvtec, mark: "<category>/train/good") { root, _ in
      ProductFolders(kind: .mvtec, root: root, normal: "good", needsTable: false)
    },
    Layout(kind: .visa, mark: "<category>/train/good", isRecognised: false) { root, _ in
      ProductFolders(kind: .visa, root: root, normal: "good", needsTable: false)
    },
    Layout(kind: .btad, mark: "<category>/train/ok") { root, _ in
      ProductFolders(kind: .btad, root: root, normal: "ok", needsTable: false)
    },
    Layout(kind: .folder, mark: "pictures and no folders") { root, _ in PictureFolders(only: root) },
  ]
}
