import Datasets
import Foundation
import TestSupport
import Testing

@Suite("Folders of pictures in a person's own layout")
struct PictureFoldersTests {
  private func files(_ names: [String], _ body: (String) throws -> Void) throws { try withFiles(names, body) }

  private func found(_ category: Datasets.Category) -> [String] {
    category.test.map {
      "\(category.relative($0.path)) \($0.label.name) \($0.masks.map(category.relative).joined(separator: "+"))"
    }
  }

  @Test func normalPicturesAloneAreEnough() throws {
    try files(["photos/b.jpg", "photos/a.bmp"]) { root in
      let folders = PictureFolders(root: root, normal: ["photos"])
      let category = try Dataset(folders).category()
      #expect(category.kind == .folder)
      #expect(category.training.map(category.relative) == ["photos/a.bmp", "photos/b.jpg"])
      #expect(category.test.isEmpty)
      // A folder of nothing but pictures is recognised.
      let recognised = try Dataset(root: "\(root)/photos/").category()
      #expect(recognised.name == "photos")
      #expect(recognised.training.map(recognised.relative) == ["a.bmp", "b.jpg"])
    }
  }

  @Test func aFolderWithFoldersIsNotGuessed() throws {
    try files(["a.png", "bad/b.png"]) { root in
      #expect(throws: DatasetError.unrecognised(root: root, layouts: ["folder: pictures and no folders"])) {
        try Dataset(.folder, root: root)
      }
    }
  }

  @Test func severalFoldersNestedOnesAndMasksByStem() throws {
    try files([
      "day/1.png", "day/deep/2.png", "night/1.png", "held/3.png", "bad/4.png", "bad/crack/5.jpg", "bad/crack/6.png",
      "bad/dent/deep/7.png", "masks/4_mask.png", "masks/crack/5.bmp", "masks/6_GT.png", "masks/6_gt.txt",
      "masks/dent/deep/7-mask.png", "masks/crack/8.png",
    ]) { root in
      let category = try Dataset(
        PictureFolders(
          name: "plate", root: root, normal: ["day", "night/"], abnormal: ["bad"], normalTest: ["held"],
          masks: ["masks"])
      ).category("plate")
      #expect(category.name == "plate")
      #expect(category.training.map(category.relative) == ["day/1.png", "day/deep/2.png", "night/1.png"])
      #expect(
        found(category) == [
          "held/3.png good ", "bad/4.png bad masks/4_mask.png", "bad/crack/5.jpg crack masks/crack/5.bmp",
          "bad/crack/6.png crack masks/6_GT.png", "bad/dent/deep/7.png dent masks/dent/deep/7-mask.png",
        ])
      #expect(
        category.skipped.map { "\(category.relative($0.path)): \($0.reason)" } == [
          "masks/6_gt.txt: not a picture by its name", "masks/crack/8.png: a mask without a picture",
        ])
    }
  }

  @Test(arguments: [
    "a.png", "a_mask.bmp", "a_gt.png", "a-mask.png", "a.mask.png", "A_MASK.PNG", "bad/a.png", "a/0.png",
  ])
  func aMaskIsFoundByItsStem(_ mask: String) throws {
    try files(["good/1.png", "bad/a.jpg", "bad/b.jpg", "masks/\(mask)"]) { root in
      let category = try Dataset(
        PictureFolders(root: root, normal: ["good"], abnormal: ["bad"], masks: ["masks"])
      ).category()
      #expect(category.test.map { $0.masks.map(category.relative) } == [["masks/\(mask)"], []])
    }
  }

  @Test(arguments: ["aa.png", "a2_mask.png", "other/a.png", "mask_a.png", "a_mask_2.png"])
  func anotherStemIsAnotherPicture(_ mask: String) throws {
    try files(["good/1.png", "bad/a.jpg", "masks/\(mask)"]) { root in
      let category = try Dataset(
        PictureFolders(root: root, normal: ["good"], abnormal: ["bad"], masks: ["masks"])
      ).category()
      #expect(category.test.map(\.masks) == [[]])
      #expect(category.skipped.map(\.reason) == ["a mask without a picture"])
    }
  }

  @Test func letterCaseCountsOnlyWherePicturesDifferInNothingElse() throws {
    try files(["good/1.png", "bad/a.png", "bad/A.png", "masks/A_mask.png"]) { root in
      let category = try Dataset(
        PictureFolders(root: root, normal: ["good"], abnormal: ["bad"], masks: ["masks"])
      ).category()
      #expect(found(category) == ["bad/A.png bad masks/A_mask.png", "bad/a.png bad "])
    }
  }

  @Test func pictureAndMaskFoldersMayBeNamedTheSame() throws {
    try files([
      "good/1.png", "test/crack/1.png", "test/dent/1.png", "masks/crack/1.png", "masks/dent/1.png",
    ]) { root in
      let category = try Dataset(
        PictureFolders(root: root, normal: ["good"], abnormal: ["test/crack", "test/dent"], masks: ["masks"])
      ).category()
      #expect(
        found(category) == [
          "test/crack/1.png crack masks/crack/1.png", "test/dent/1.png dent masks/dent/1.png",
        ])
    }
  }

  @Test(arguments: [
    // One mask for two pictures, two masks for one picture, in one folder or in two.
    (["bad/x/1.png", "bad/y/1.png"], ["bad"], ["m/1.png"], ["m"]),
    (["bad/x/1.png", "bad/y/1.png"], ["bad/x", "bad/y"], ["m/1.png"], ["m"]),
    (["bad/1.png"], ["bad"], ["m/1.png", "m/1_mask.png"], ["m"]),
    (["bad/1.png"], ["bad"], ["m/1.png", "n/1_mask.png"], ["m", "n"]),
    (["bad/1.png"], ["bad"], ["m/1/0.png", "m/1.png"], ["m"]),
    (["bad/1.png", "bad/1.jpg"], ["bad"], ["m/1.png"], ["m"]),
  ])
  func whatCannotBeToldApartIsRefused(
    _ pictures: [String], _ abnormal: [String], _ masks: [String], _ maskFolders: [String]
  ) throws {
    try files(["good/1.png"] + pictures + masks) { root in
      let folders = PictureFolders(root: root, normal: ["good"], abnormal: abnormal, masks: maskFolders)
      let error = #expect(throws: DatasetError.self) { try Dataset(folders).category() }
      guard case .duplicate = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }
  }

  @Test func aPictureHasOneRole() throws {
    try files(["all/a.png", "all/bad/b.png"]) { root in
      let folders = PictureFolders(root: root, normal: ["all"], abnormal: ["./all/bad"])
      #expect(
        throws: DatasetError.overlap(path: "\(root)/./all/bad/b.png", roles: ["--normal", "--abnormal"])
      ) { try Dataset(folders).category() }
    }
  }

  @Test func missingAndEmptyFoldersAreNamed() throws {
    try files(["good/a.png", "empty/", "texts/a.txt"]) { root in
      #expect(throws: DatasetError.missing(path: "\(root)/none", expected: "a folder of pictures")) {
        try Dataset(PictureFolders(root: root, normal: ["none"])).category()
      }
      for folder in ["empty", "texts"] {
        #expect(throws: DatasetError.empty(path: "\(root)/\(folder)")) {
          try Dataset(PictureFolders(root: root, normal: ["good"], abnormal: [folder])).category()
        }
      }
    }
  }

  @Test func testsNeedNoTrainingPictures() throws {
    try files(["bad/a.png", "held/a.png"]) { root in
      let folders = PictureFolders(name: "cup", normal: [], abnormal: ["\(root)/bad"], normalTest: ["\(root)/held"])
      let category = try Dataset(folders).category()
      #expect(category.test.map(\.label) == [.good, .defective(kind: "bad")])
      #expect(throws: DatasetError.noTraining(category: "cup")) { try category.shots(nil) }
    }
  }
}
