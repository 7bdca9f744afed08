import Datasets
import Foundation
import Testing

@Suite("The layout of MVTec AD and its kin")
struct ProductFoldersTests {
  private let layout = [
    "bottle/train/good/001.png", "bottle/train/good/000.png", "bottle/test/good/000.png",
    "bottle/test/crack/000.png", "bottle/test/crack/001.jpg", "bottle/test/crack/002.PNG",
    "bottle/test/broken/000.jpeg", "bottle/ground_truth/crack/000_mask.png", "bottle/ground_truth/crack/001.png",
  ]

  private func category(_ files: [String], _ check: (Datasets.Category, String) throws -> Void) throws {
    try withFiles(files) { root throws in try check(Dataset(.mvtec, root: root).category("bottle"), root) }
  }

  @Test func picturesAreListedByNameGoodOnesFirst() throws {
    try category(layout) { category, root throws in
      #expect(category.name == "bottle")
      #expect(relative(category.training, to: root) == ["bottle/train/good/000.png", "bottle/train/good/001.png"])
      #expect(
        relative(category.test.map(\.path), to: "\(root)/bottle/test") == [
          "good/000.png", "broken/000.jpeg", "crack/000.png", "crack/001.jpg", "crack/002.PNG",
        ])
      #expect(category.test.map(\.label.name) == ["good", "broken", "crack", "crack", "crack"])
      #expect(category.test.map(\.label.isDefective) == [false, true, true, true, true])
      #expect(category.test[1].name == "broken/000.jpeg")
      #expect(category.skipped.isEmpty)
    }
  }

  @Test func masksBelongToTheirStemWithAndWithoutSuffix() throws {
    try category(layout) { category, root throws in
      let masks = category.test.map { relative($0.masks, to: "\(root)/bottle/ground_truth") }
      #expect(masks == [[], [], ["crack/000_mask.png"], ["crack/001.png"], []])
    }
  }

  @Test func aPictureMayBeNamedLikeAMask() throws {
    try category([
      "bottle/train/good/0.png", "bottle/test/crack/a_mask.png", "bottle/ground_truth/crack/a_mask_mask.png",
    ]) { category, _ throws in #expect(category.test[0].masks[0].hasSuffix("a_mask_mask.png")) }
  }

  @Test func whatIsNoPictureIsSkippedWithItsReason() throws {
    let files =
      layout + [
        "bottle/train/good/.hidden.png", "bottle/train/good/notes.txt", "bottle/train/good/folder.png/",
        "bottle/test/crack/Thumbs.db", "bottle/test/.trash/000.png", "bottle/test/readme.txt",
        "bottle/ground_truth/crack/777_mask.png",
      ]
    try category(files) { category, root throws in
      #expect(category.training.count == 2)
      #expect(category.test.count == 5)
      let skipped = category.skipped.map { "\(relative([$0.path], to: "\(root)/bottle")[0]): \($0.reason)" }
      #expect(
        skipped.sorted() == [
          "ground_truth/crack/777_mask.png: a mask without a picture",
          "test/.trash: hidden", "test/crack/Thumbs.db: not a picture by its name",
          "test/readme.txt: not a picture by its name", "train/good/.hidden.png: hidden",
          "train/good/folder.png: a folder", "train/good/notes.txt: not a picture by its name",
        ])
    }
  }

  @Test func withoutATestPartThereIsOnlyTraining() throws {
    try category(["bottle/train/good/0.png"]) { category, _ throws in
      #expect(category.training.count == 1)
      #expect(category.test.isEmpty)
    }
  }

  @Test func emptyTestFoldersGiveNothing() throws {
    try category(["bottle/train/good/0.png", "bottle/test/good/", "bottle/test/crack/"]) { category, _ throws in
      #expect(category.test.isEmpty)
    }
  }

  @Test func missingFoldersAreNamed() throws {
    try withFiles(["bottle/test/good/0.png", "other/train/good/0.png"]) { root throws in
      #expect(
        throws: DatasetError.missing(
          path: "\(root)/bottle/train/good", expected: "MVTec AD's layout: <category>/train/good, test, ground_truth")
      ) { try Dataset(.mvtec, root: root).category("bottle") }
      #expect(throws: DatasetError.missing(path: "\(root)/nowhere", expected: "the folder of a data set")) {
        try Dataset(.mvtec, root: "\(root)/nowhere")
      }
      #expect(throws: DatasetError.unrecognised(root: "\(root)/bottle", layouts: ["mvtec: <category>/train/good"])) {
        try Dataset(.mvtec, root: "\(root)/bottle")
      }
    }
  }

  @Test func categoriesAreListedWhereNoneOrAWrongOneIsNamed() throws {
    try withFiles(["bottle/train/good/0.png", "wood/train/good/0.png"]) { root throws in
      let dataset = try Dataset(.mvtec, root: root)
      #expect(throws: DatasetError.category(asked: nil, root: root, known: ["bottle", "wood"])) {
        try dataset.category()
      }
      #expect(throws: DatasetError.category(asked: "botle", root: root, known: ["bottle", "wood"])) {
        try dataset.category("botle")
      }
      // A category's own folder does as well, with and without its name.
      for own in [try Dataset(root: "\(root)/wood/").category(), try Dataset(root: "\(root)/wood").category("wood")] {
        #expect(own.name == "wood")
        #expect(own.training == ["\(root)/wood/train/good/0.png"])
      }
    }
  }

  @Test func anEmptyTrainingFolderIsNamed() throws {
    for files in [["bottle/train/good/"], ["bottle/train/good/notes.txt"]] {
      try withFiles(files) { root throws in
        #expect(throws: DatasetError.empty(path: "\(root)/bottle/train/good")) {
          try Dataset(.mvtec, root: root).category("bottle")
        }
      }
    }
  }

  @Test func categoriesAreFoldersWithTrainingPictures() throws {
    try withFiles([
      "wood/train/good/0.png", "bottle/train/good/0.png", "license.txt", "empty/", ".cache/train/good/0.png",
    ]) { root throws in #expect(try Dataset(.mvtec, root: root).categories() == ["bottle", "wood"]) }
  }

  @Test func twoMasksOfOneStemAreRefused() throws {
    try withFiles(layout + ["bottle/ground_truth/crack/000.png"]) { root throws in
      let folder = "\(root)/bottle/ground_truth/crack"
      #expect(throws: DatasetError.duplicate(path: "\(folder)/000_mask.png", other: "\(folder)/000.png")) {
        try Dataset(.mvtec, root: root).category("bottle")
      }
    }
  }

  @Test func twoPicturesThatWouldShareAMaskAreRefused() throws {
    try withFiles(layout + ["bottle/test/crack/000.jpg"]) { root throws in
      let folder = "\(root)/bottle/test/crack"
      #expect(throws: DatasetError.duplicate(path: "\(folder)/000.png", other: "\(folder)/000.jpg")) {
        try Dataset(.mvtec, root: root).category("bottle")
      }
    }
  }

  @Test func withoutAMaskEqualStemsAreTwoPictures() throws {
    try category(layout + ["bottle/test/broken/000.png"]) { category, _ throws in
      #expect(category.test.count { $0.label == .defective(kind: "broken") } == 2)
    }
  }
}
