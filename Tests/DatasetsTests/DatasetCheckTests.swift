import Checkpoints
import Datasets
import Foundation
import TestSupport
import Testing

@Suite("What is wrong with a data set")
struct DatasetCheckTests {
  /// One problem in a product that has none.
  private func problems(_ make: (PictureMaker) throws -> Void) throws -> [String] {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("cup/train/good/0.png", "cup/train/good/1.png", "cup/test/good/0.png", "cup/test/dent/0.png")
      try maker.mask("cup/ground_truth/dent/0.png")
      try make(maker)
      let root = "\(folder.path)/cup/"
      return try DatasetCheck(Dataset(root: folder.path).category()).problems.map {
        "\($0.isFatal ? "error" : "warning"): \($0.text.replacing(root, with: ""))"
      }
    }
  }

  @Test func aSoundOneHasNone() throws { #expect(try problems { _ in } == []) }

  @Test func aTestPictureThatIsTrainedOnIsNamed() throws {
    let found = try problems { maker in
      try FileManager.default.copyItem(
        atPath: "\(maker.root)/cup/train/good/1.png", toPath: "\(maker.root)/cup/test/good/7.png")
    }
    #expect(
      found == ["warning: test/good/7.png has the same content as train/good/1.png, which is in another part"])
  }

  @Test func aPictureTwiceInOnePartIsFine() throws {
    #expect(
      try problems { maker in
        try maker.link("cup/train/good/2.png", to: "1.png")
        try maker.link("cup/test/good/1.png", to: "0.png")
      } == [])
  }

  @Test func maskTroubleIsNamed() throws {
    #expect(
      try problems { try $0.picture("cup/test/dent/1.png") } == [
        "warning: test/dent/1.png has no mask: it counts for picture metrics only"
      ])
    #expect(
      try problems { try $0.mask("cup/ground_truth/dent/0.png", value: 0) } == [
        "warning: the mask of test/dent/0.png has no defective pixel: the picture counts for picture metrics only"
      ])
    #expect(
      try problems { try $0.mask("cup/ground_truth/dent/0.png", width: 13) } == [
        "error: The mask ground_truth/dent/0.png is 13 x 8 pixels, but its picture is 12 x 8"
      ])
    #expect(
      try problems { try $0.mask("cup/ground_truth/good/0.png", value: 1) } == [
        "error: test/good/0.png is said to be good, but its mask ground_truth/good/0.png has 9 defective pixels; "
          + "correct one of them"
      ])
    let jpeg = try problems { maker in
      try maker.picture("cup/test/dent/1.png")
      try maker.mask("cup/ground_truth/dent/1.jpg")
    }
    #expect(jpeg.count == 1 && jpeg[0].hasPrefix("warning: the mask ground_truth/dent/1.jpg is a JPEG file"))
  }

  @Test func aChannelOutsideTheTableIsNamed() throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try Miniature.loco(maker)
      try maker.mask("screw_bag/ground_truth/logical_anomalies/001/000.png", value: 100)
      let check = try DatasetCheck(Dataset(root: folder.path).category())
      #expect(check.problems.map(\.isFatal) == [true])
      #expect(
        check.problems[0].text.hasSuffix(
          "001/000.png has the value 100, which defects_config.json does not list; it lists 255, 240, 236"))
    }
  }

  @Test func aPictureThatCannotBeReadIsNamed() throws {
    let found = try problems { maker in
      try maker.text("cup/train/good/2.png", "no picture")
      try maker.text("cup/test/good/2.png", "")
    }
    #expect(found.count == 2)
    #expect(found.allSatisfy { $0.hasPrefix("error: The picture t") && $0.contains("cannot be read: ") }, "\(found)")
  }

  @Test func oneClassAloneIsNamed() throws {
    #expect(
      try problems { try FileManager.default.removeItem(atPath: "\($0.root)/cup/test/good") } == [
        "warning: there are no good test pictures: no AUROC can be computed"
      ])
    #expect(
      try problems { try FileManager.default.removeItem(atPath: "\($0.root)/cup/test/dent") } == [
        "warning: there are no defective test pictures: no AUROC can be computed"
      ])
  }

  @Test func sizesAreCountedAndProgressIsTold() throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("good/0.png", "good/1.png")
      try maker.picture("good/2.png", width: 5, height: 7)
      var told: [[Int]] = []
      let check = try DatasetCheck(Dataset(root: "\(folder.path)/good").category()) { told.append([$0, $1]) }
      #expect(check.sizes == [.init(width: 12, height: 8): 2, .init(width: 5, height: 7): 1])
      #expect(told == [[1, 3], [2, 3], [3, 3]])
    }
  }

  @Test func testPicturesAreFoundByTheirHash() throws {
    try withTemporaryFolder { folder in
      try Miniature.mvtec(PictureMaker(root: folder.path))
      let category = try Dataset(root: folder.path).category("grid")
      #expect(try category.testPictures(hashedAs: []).isEmpty)
      let hash = try SHA256.hash(fileAt: category.test[2].path)
      #expect(try category.testPictures(hashedAs: [hash, "0"]) == [category.test[2]])
    }
  }
}

@Suite("The split beside a model")
struct DatasetSplitTests {
  @Test func itListsWhatTheModelWasMadeWith() throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try Miniature.loco(maker)
      try maker.picture("screw_bag/test/logical_anomalies/002.png")
      let category = try Dataset(root: folder.path).category()
      let split = try DatasetSplit(
        category, training: category.shots(2, draw: 3), shots: 2, draw: 3, hashes: [category.training[0]: "known"])
      let json = try split.json()
      #expect(try JSONDecoder().decode(DatasetSplit.self, from: json) == split)
      let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
      #expect(
        object.keys.sorted() == [
          "category", "counts", "dataset", "draw", "files", "format", "root", "shots", "skipped",
        ])
      #expect(object["dataset"] as? String == "loco")
      let counts = try #require(object["counts"] as? [String: Any])
      #expect(counts["training"] as? Int == 3)
      #expect(counts["validation"] as? Int == 2)
      #expect(counts["without_mask"] as? Int == 1)
      #expect(
        counts["test"] as? [String: Int] == ["good": 1, "logical_anomalies": 3, "structural_anomalies": 1])
      let files = try #require(object["files"] as? [[String: String]])
      #expect(files.map { $0["split"] } == ["training", "training", "validation", "validation"])
      #expect(
        Array(files.compactMap { $0["path"] }.suffix(2)) == ["validation/good/000.png", "validation/good/001.png"])
      #expect(files.allSatisfy { $0["label"] == "good" })
      for file in files {
        let path = try #require(file["path"])
        #expect(
          try file["sha256"]
            == (path == "train/good/000.png" ? "known" : SHA256.hash(fileAt: "\(category.root)/\(path)")))
      }
      let picture = GeneratedPictures.Picture(path: "\(category.root)/made/1.png", sha256: "a", parents: ["b"])
      let mixed = try DatasetSplit(category, training: category.shots(2, draw: 3), generated: [picture])
      #expect(mixed.generated == [.init(path: "made/1.png", sha256: "a", parents: ["b"])])
      #expect(mixed.files.map(\.path) == split.files.map(\.path))
      #expect(try JSONDecoder().decode(DatasetSplit.self, from: mixed.json()) == mixed)
      #expect(
        object["skipped"] as? [[String: String]]
          == [["path": "license.txt", "reason": "not a picture by its name"]])
    }
  }
}
