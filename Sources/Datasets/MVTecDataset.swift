import Foundation

/// MVTec AD's layout (Bergmann et al. 2019): `<category>/train/good`, `<category>/test/{good,<kind>}`,
/// `<category>/ground_truth/<kind>/<stem>_mask.png`.
public struct MVTecDataset: Sendable {
  public let root: String

  public init(root: String) { self.root = root }

  /// The categories: folders that hold `train/good`, in the order of their names.
  ///
  /// - Throws: ``DatasetError`` when the root is missing or holds none.
  public func categories() throws(DatasetError) -> [String] {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: root) else {
      throw .missing(path: root, expected: "a folder of categories in MVTec AD's layout")
    }
    let categories = names.filter { !$0.hasPrefix(".") && PictureFiles.isFolder("\(root)/\($0)/train/good") }.sorted()
    guard !categories.isEmpty else {
      throw .missing(path: "\(root)/<category>/train/good", expected: "MVTec AD's layout")
    }
    return categories
  }

  /// - Throws: ``DatasetError`` naming the folder that is missing or empty.
  public func category(_ name: String) throws(DatasetError) -> Category {
    let folder = "\(root)/\(name)"
    let trainingFolder = "\(folder)/train/good"
    guard PictureFiles.isFolder(trainingFolder) else {
      throw .missing(path: trainingFolder, expected: "MVTec AD's layout: <category>/train/good, test, ground_truth")
    }
    var (training, skipped) = try PictureFiles.list(trainingFolder)
    guard !training.isEmpty else { throw .empty(path: trainingFolder) }
    var test: [Sample] = []
    for kind in kinds(of: "\(folder)/test") {
      let (paths, passedOver) = try PictureFiles.list("\(folder)/test/\(kind)")
      skipped += passedOver
      guard kind != "good" else {
        test += paths.map { Sample(path: $0, label: .good, maskPath: nil) }
        continue
      }
      let masks = try masks(in: "\(folder)/ground_truth/\(kind)")
      var pictures: [String: String] = [:]
      for path in paths {
        let stem = Self.stem(path)
        // Two pictures of one stem would share a mask.
        if let other = pictures.updateValue(path, forKey: stem), masks[stem] != nil {
          throw .duplicate(path: path, other: other)
        }
        test.append(Sample(path: path, label: .defective(kind: kind), maskPath: masks[stem]))
      }
      for (stem, mask) in masks.sorted(by: { $0.key < $1.key }) where pictures[stem] == nil {
        skipped.append((mask, "a mask without a picture"))
      }
    }
    return Category(name: name, training: training, test: test, skipped: skipped)
  }

  /// Folders of test pictures, good ones first; none where there is no test part.
  private func kinds(of folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { !$0.hasPrefix(".") && PictureFiles.isFolder("\(folder)/\($0)") }
      .sorted { ($0 == "good" ? 0 : 1, $0) < ($1 == "good" ? 0 : 1, $1) }
  }

  /// Masks by the stem of their picture: `000_mask.png` and `000.png` belong to `000`.
  private func masks(in folder: String) throws(DatasetError) -> [String: String] {
    guard PictureFiles.isFolder(folder) else { return [:] }
    var masks: [String: String] = [:]
    for path in try PictureFiles.list(folder).paths {
      let name = Self.stem(path)
      let stem = name.hasSuffix("_mask") ? String(name.dropLast("_mask".count)) : name
      if let other = masks.updateValue(path, forKey: stem) { throw .duplicate(path: path, other: other) }
    }
    return masks
  }

  private static func stem(_ path: String) -> String {
    ((path as NSString).lastPathComponent as NSString).deletingPathExtension
  }
}
