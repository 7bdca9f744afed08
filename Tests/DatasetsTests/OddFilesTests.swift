import Datasets
import Foundation
import TestSupport
import Testing

@Suite("Links, hidden files and whatever else lies about")
struct OddFilesTests {
  private func product(_ make: (PictureMaker) throws -> Void, _ check: (Datasets.Category, String) throws -> Void)
    throws
  {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("cup/train/good/0.png", "cup/test/good/0.png", "cup/test/crack/0.png")
      try maker.mask("cup/ground_truth/crack/0.png")
      try make(maker)
      try check(Dataset(.mvtec, root: folder.path).category(), folder.path)
    }
  }

  private func skipped(_ category: Datasets.Category) -> [String] {
    category.skipped.map { "\(category.relative($0.path)): \($0.reason)" }.sorted()
  }

  @Test func linksToPicturesCountAndLinksToNothingAreSkipped() throws {
    try product { maker in
      try maker.picture("elsewhere/1.png")
      try maker.link("cup/train/good/1.png", to: "../../../elsewhere/1.png")
      try maker.link("cup/train/good/2.png", to: "../../../elsewhere/2.png")
      try maker.link("cup/train/good/3.png", to: "3.png")
    } _: { category, _ in
      #expect(category.training.map(category.relative) == ["train/good/0.png", "train/good/1.png"])
      #expect(
        skipped(category) == ["train/good/2.png: a link to nothing", "train/good/3.png: a link to nothing"])
    }
  }

  @Test func linksToFoldersCount() throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("real/train/good/0.png", "kinds/a.png")
      try maker.link("data/cup", to: "../real")
      try maker.link("real/test/dent", to: "../../kinds")
      let category = try Dataset(root: "\(folder.path)/data").category()
      #expect(category.name == "cup")
      #expect(category.test.map(\.label) == [.defective(kind: "dent")])
    }
  }

  @Test func aLinkBackIsNotFollowed() throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("good/a/0.png")
      try maker.link("good/a/back", to: "..")
      try maker.link("good/twice", to: "a")
      let category = try Dataset(PictureFolders(root: folder.path, normal: ["good"])).category()
      // Through the other link the way back is met once more.
      #expect(category.training.map(category.relative) == ["good/a/0.png", "good/twice/0.png"])
      #expect(
        skipped(category) == [
          "good/a/back: a link back to a folder above it", "good/twice/back: a link back to a folder above it",
        ])
    }
  }

  @Test func whatIsNoPictureIsSkippedEverywhereWithItsReason() throws {
    try product { maker in
      for folder in ["", "train/", "train/good/", "test/", "test/crack/", "ground_truth/", "ground_truth/crack/"] {
        try maker.text("cup/\(folder)Thumbs.db", "not a picture")
        try maker.text("cup/\(folder).DS_Store", "not a picture")
      }
      try maker.text("cup/license.txt", "free")
      try maker.picture("cup/test/stray.png", "cup/train/bad/0.png")
      try maker.file("cup/test/empty/.keep", Data())
      try FileManager.default.createDirectory(
        atPath: "\(maker.root)/cup/test/nothing", withIntermediateDirectories: true)
      try maker.mask("cup/ground_truth/dent/0.png")
    } _: { category, _ in
      #expect(category.training.count == 1)
      #expect(category.test.count == 2)
      let folders = ["", "ground_truth/", "ground_truth/crack/", "test/", "test/crack/", "train/", "train/good/"]
      #expect(
        skipped(category)
          == (folders.flatMap { ["\($0).DS_Store: hidden", "\($0)Thumbs.db: not a picture by its name"] } + [
            "ground_truth/dent: a folder that is no part of the layout", "license.txt: not a picture by its name",
            "test/empty/.keep: hidden", "test/nothing: an empty folder",
            "test/stray.png: a picture that is no part of the layout",
            "train/bad: a folder that is no part of the layout",
          ]).sorted())
    }
  }

  @Test func aPipeIsNotWaitedFor() throws {
    try product { maker in
      #expect(mkfifo("\(maker.root)/cup/train/good/pipe.png", 0o600) == 0)
    } _: { category, _ in
      #expect(skipped(category) == ["train/good/pipe.png: not a regular file"])
    }
  }

  @Test func everyFormatIsListedByItsName() throws {
    let names = ["a.bmp", "b.JPEG", "c.jpg", "d.PNG", "e.tif", "f.TIFF", "g.WebP"]
    try product { maker in
      for name in names { try maker.text("cup/train/good/\(name)", "not read") }
      try maker.text("cup/train/good/h.gif", "not read")
    } _: { category, _ in
      #expect(category.training.map(category.relative) == (["0.png"] + names).map { "train/good/\($0)" })
      #expect(skipped(category) == ["train/good/h.gif: not a picture by its name"])
    }
  }
}
