import Foundation
import Images
import TestSupport
import Testing

/// This target is built without `package` access: what compiles here compiles in other people's packages.
@Suite("The example of the README")
struct ExampleTests {
  @Test func itTrainsAndPredicts() throws {
    try withTemporaryFolder { folder in
      try SmallPictures.write(to: folder.path)
      let weights = folder.appendingPathComponent("random.safetensors").path
      try RandomNetwork.encoded().write(to: URL(fileURLWithPath: weights))
      let picture = "\(folder.path)/\(SmallPictures.category)/test/hole/000.png"
      let model = "\(folder.path)/plate.model"
      try inspect(picture, data: folder.path, product: SmallPictures.category, model: model, weights: weights)
      #expect(FileManager.default.fileExists(atPath: "\(model)/model.json"))
      let overlay = try Image(path: "\(model)-overlay.png")
      #expect(overlay.width == SmallPictures.width && overlay.height == SmallPictures.height)
    }
  }

  @Test func theREADMEShowsExactlyThisCode() throws {
    let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let example = try String(contentsOf: here.appendingPathComponent("Example.swift"), encoding: .utf8)
    let readme = try String(
      contentsOf: here.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md"),
      encoding: .utf8)
    #expect(readme.contains("\n```swift\n\(example)```\n"), "copy Tests/ExampleTests/Example.swift into README.md")
  }
}
