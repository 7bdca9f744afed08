import Foundation

/// VisA as it is downloaded (Zou et al. 2022): `split_csv/1cls.csv` says what is for training and what for tests, with paths
/// below the root such as `candle/Data/Images/Normal/0000.JPG`. Its masks hold the numbers of defect classes.
struct VisALists: CategorySource {
  let kind = DatasetKind.visa
  let root: String
  let split: String

  static let mark = "split_csv/\(Dataset.standardSplit).csv"

  private var list: String { "\(root)/split_csv/\(split).csv" }

  /// Also of a data set without its lists: what is missing is then told by ``category(_:)``.
  func categories() throws(DatasetError) -> [String] {
    if PictureFiles.isFolder("\(root)/split_csv") { return try manifest().categories() }
    return FolderListing.folders(in: root).filter { PictureFiles.isFolder("\(root)/\($0)/Data/Images/Normal") }
  }

  func category(_ name: String) throws(DatasetError) -> Category { try manifest().category(name) }

  private func manifest() throws(DatasetError) -> Manifest {
    guard FileManager.default.fileExists(atPath: list) else {
      throw .missing(path: list, expected: "VisA's list of the split '\(split)', which comes with the data set")
    }
    return try Manifest(path: list, kind: .visa, root: root)
  }
}
