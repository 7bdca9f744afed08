import Checkpoints
import Datasets
import Foundation
import TestSupport
import Testing

@Suite("Generated pictures")
struct GeneratedPicturesTests {
  /// A folder `made` as `flawless generate` writes it: three pictures, of which the second was rejected.
  private func withMade(
    _ change: (inout [[String: Any]]) -> Void = { _ in }, format: String = "flawless-generated/1",
    _ body: (_ root: String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let maker = PictureMaker(root: folder.path)
      try maker.picture("made/pictures/1.png", "made/pictures/2.png", "made/pictures/3.png", "outside.png")
      try maker.text("made/notes.txt", "nothing")
      var entries: [[String: Any]] = try (1...3).map { number in
        [
          "file": "pictures/\(number).png", "accepted": number != 2, "parents": [String(repeating: "A", count: 64)],
          "sha256": try SHA256.hash(fileAt: "\(folder.path)/made/pictures/\(number).png"), "similarity": 0.25,
        ]
      }
      change(&entries)
      let manifest: [String: Any] = ["format": format, "seed": 42, "pictures": entries]
      try maker.file("made/manifest.json", JSONSerialization.data(withJSONObject: manifest))
      return try body(folder.path)
    }
  }

  @Test func acceptedOnesAreTakenWithTheirParents() throws {
    try withMade({
      $0[2]["parents"] = nil
      $0[0]["sha256"] = ($0[0]["sha256"] as? String)?.uppercased()
    }) { root in
      // What was rejected is not looked at.
      try FileManager.default.removeItem(atPath: "\(root)/made/pictures/2.png")
      let made = try GeneratedPictures(["\(root)/made/"])
      #expect(made.pictures.map(\.path) == ["\(root)/made/pictures/1.png", "\(root)/made/pictures/3.png"])
      #expect(made.pictures.map(\.parents) == [[String(repeating: "a", count: 64)], nil])
      #expect(try made.pictures.map(\.sha256) == made.pictures.map { try SHA256.hash(fileAt: $0.path) })
      #expect(made.rejected == 1 && made.skipped.isEmpty)
    }
  }

  @Test func aPlainFolderHasUnknownParents() throws {
    try withMade { root in
      try FileManager.default.removeItem(atPath: "\(root)/made/manifest.json")
      let made = try GeneratedPictures(["\(root)/made"])
      #expect(relative(made.pictures.map(\.path), to: root) == (1...3).map { "made/pictures/\($0).png" })
      #expect(made.pictures.allSatisfy { $0.parents == nil })
      #expect(made.pictures[1].sha256 == (try SHA256.hash(fileAt: "\(root)/made/pictures/2.png")))
      #expect(made.skipped.map(\.reason) == ["not a picture by its name"])
    }
  }

  @Test func severalFoldersAreJoinedAndNoPictureCountsTwice() throws {
    try withMade { root in
      try PictureMaker(root: root).picture("more/9.png")
      let both = try GeneratedPictures(["\(root)/more", "\(root)/made"])
      #expect(
        relative(both.pictures.map(\.path), to: root) == ["more/9.png", "made/pictures/1.png", "made/pictures/3.png"])
      #expect(try GeneratedPictures([]).pictures.isEmpty)
      // By another way as well.
      try PictureMaker(root: root).link("again", to: "made")
      for other in ["made", "again", "made/pictures"] {
        #expect(throws: DatasetError.self, "\(other)") { try GeneratedPictures(["\(root)/made", "\(root)/\(other)"]) }
      }
    }
  }

  /// A fault in the manifest, and how it is named.
  struct Fault: Sendable {
    let reason: String
    let change: @Sendable (inout [[String: Any]]) -> Void

    init(_ reason: String, _ change: @escaping @Sendable (inout [[String: Any]]) -> Void) {
      self.reason = reason
      self.change = change
    }
  }

  @Test(
    arguments: [
      Fault("pictures/1.png is not the file that was accepted") { $0[0]["sha256"] = String(repeating: "0", count: 64) },
      Fault("its picture pictures/7.png is missing") { $0[0]["file"] = "pictures/7.png" },
      Fault("../outside.png does not lie in the folder") { $0[0]["file"] = "../outside.png" },
      Fault("pictures/../../outside.png does not lie in the folder") { $0[0]["file"] = "pictures/../../outside.png" },
      Fault("/etc/passwd does not lie in the folder") { $0[0]["file"] = "/etc/passwd" },
      Fault("pictures is no picture file (a folder)") { $0[0]["file"] = "pictures" },
      Fault("notes.txt is no picture file (not a picture by its name)") { $0[0]["file"] = "notes.txt" },
      Fault("its manifest.json is incomplete") { $0[0]["accepted"] = nil },
      Fault("its manifest.json is incomplete") { $0[1]["sha256"] = 7 },
      Fault("none of its 1 pictures was accepted") { $0 = [$0[1]] },
      Fault("there is no picture in its manifest.json") { $0 = [] },
    ])
  func whatIsWrongIsNamed(_ fault: Fault) throws {
    try withMade(fault.change) { root in
      let error = #expect(throws: DatasetError.self) { try GeneratedPictures(["\(root)/made"]) }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("The generated pictures in \(root)/made cannot be used: \(fault.reason)"), "\(text)")
    }
  }

  @Test func linksDoNotLeadOut() throws {
    try withMade({ $0[0]["file"] = "link.png" }) { root in
      try PictureMaker(root: root).link("made/link.png", to: "../outside.png")
      #expect(
        throws: DatasetError.generated(folder: "\(root)/made", reason: "link.png does not lie in the folder")
      ) { try GeneratedPictures(["\(root)/made"]) }
    }
  }

  @Test func anotherFormatDamageAndEmptinessAreNamed() throws {
    func error(_ folder: String) -> String? {
      do { return try "\(GeneratedPictures([folder]).pictures.count) pictures" } catch { return error.description }
    }
    try withMade(format: "flawless-generated/2") { root in
      #expect(
        error("\(root)/made")?.hasSuffix(
          "its format is 'flawless-generated/2', this program reads 'flawless-generated/1'.") == true)
      try PictureMaker(root: root).text("made/manifest.json", "{\"format\":")
      #expect(error("\(root)/made")?.hasSuffix("its manifest.json is damaged.") == true)
      try PictureMaker(root: root).text("empty/notes.txt", "nothing")
      #expect(error("\(root)/empty") == "There is no PNG, JPEG, BMP, TIFF, WebP or PGM picture in \(root)/empty.")
      #expect(error("\(root)/none") == "There is no \(root)/none; expected is a folder of pictures.")
    }
  }
}
