import Datasets
import Foundation
import Testing

@Suite("Pictures named on a command line")
struct PictureFilesTests {
  private let files = ["a.png", "b.jpg", "notes.txt", ".hidden.png", "sub/a.jpeg", "sub/deep/c.PNG", "sub/.x/d.png"]

  private func expand(_ arguments: [String], in root: String) throws -> [String] {
    try PictureFiles.expand(arguments.map { "\(root)/\($0)" }).map {
      "\(relative([$0.path], to: root)[0]) -> \($0.outputStem)"
    }
  }

  @Test func aFolderGivesEverythingBelow() throws {
    try withFiles(files) { root throws in
      #expect(
        try expand([""], in: root).map { $0.replacing("/sub", with: "sub") }.map { $0.split(separator: " ").last } == [
          "a", "b", "sub/a", "sub/deep/c",
        ])
      #expect(try expand(["sub"], in: root) == ["sub/a.jpeg -> a", "sub/deep/c.PNG -> deep/c"])
    }
  }

  @Test func aPatternGivesPicturesAndFolders() throws {
    try withFiles(files) { root throws in
      #expect(
        try expand(["*"], in: root) == [
          "a.png -> a", "b.jpg -> b", "sub/a.jpeg -> a-2", "sub/deep/c.PNG -> deep/c",
        ])
      #expect(try expand(["s*/?.jpeg"], in: root) == ["sub/a.jpeg -> a"])
    }
  }

  @Test func aFileNamedInFullIsTakenWhateverItsName() throws {
    try withFiles(["picture", "odd[1].png"]) { root throws in
      #expect(try expand(["picture", "odd[1].png"], in: root) == ["picture -> picture", "odd[1].png -> odd[1]"])
    }
  }

  @Test func outputStemsAreUnique() throws {
    try withFiles(["x/a.png", "x/a.jpg", "y/a.png", "y/a-2.png"]) { root throws in
      let stems = try PictureFiles.expand(["\(root)/x", "\(root)/y", "\(root)/x/a.png"]).map(\.outputStem)
      #expect(Set(stems).count == stems.count)
      #expect(stems == ["a", "a-2", "a-2-2", "a-3", "a-4"])
    }
  }

  @Test func linksToFoldersAreFollowed() throws {
    try withFiles(["real/a.png"]) { root throws in
      try FileManager.default.createSymbolicLink(
        atPath: "\(root)/link", withDestinationPath: "\(root)/real")
      #expect(try PictureFiles.expand(["\(root)/link"]).map(\.outputStem) == ["a"])
    }
  }

  @Test func foldersNamedLikePicturesAreNone() throws {
    try withFiles(["x/odd.png/inner.png", "x/empty.png/"]) { root throws in
      #expect(try expand(["x"], in: root) == ["x/odd.png/inner.png -> odd.png/inner"])
    }
  }

  @Test func whatMatchesNothingIsNamed() throws {
    try withFiles(["a.png", "empty/", "texts/notes.txt"]) { root throws in
      for argument in ["missing.png", "*.jpg", "empty", "texts", "texts/*"] {
        #expect(throws: DatasetError.nothingMatches("\(root)/\(argument)")) {
          try PictureFiles.expand(["\(root)/a.png", "\(root)/\(argument)"])
        }
      }
    }
    #expect(try PictureFiles.expand([]).isEmpty)
  }
}
