import Foundation
import Generation
import Generator
import Images
import Integrator
import TestSupport
import Testing

@Suite("Originals and their copies")
struct OriginalsTests {
  private func originals(_ folder: String, copies: Int = 4, seed: UInt64 = 1) throws -> Originals {
    let files = try (0..<2).map { number -> String in
      let path = "\(folder)/\(number).png"
      try DrawnPictures.texture(number, size: 40).writePNG(to: .init(fileURLWithPath: path))
      return path
    }
    return try Originals(
      files: files, copies: copies, augmentation: ProductVariation.aligned.augmentation, seed: seed)
  }

  @Test func theFirstCopyIsTheShot() throws {
    try withTemporaryFolder { folder in
      let originals = try originals(folder.path)
      for shot in 0..<2 {
        #expect(try originals.picture(shot) == FloatImage(DrawnPictures.texture(shot, size: 40)))
      }
    }
  }

  /// It depends on nothing but the seed, the shot and the copy.
  @Test func copiesDifferAndComeAgain() throws {
    try withTemporaryFolder { folder in
      let (one, other) = (try originals(folder.path), try originals(folder.path, copies: 9))
      var seen: [FloatImage] = []
      for shot in 0..<2 {
        for copy in 0..<4 {
          let picture = try one.picture(2 * copy + shot)
          #expect(one[2 * copy + shot] == Original(parent: shot, copy: copy))
          #expect(picture == (try other.picture(2 * copy + shot)))
          #expect(picture.width == 40 && picture.height == 40)
          #expect(!seen.contains(picture))
          seen.append(picture)
        }
      }
      #expect(try originals(folder.path, seed: 2).picture(2) != one.picture(2))
    }
  }

  @Test func thereMustBeSomething() {
    #expect(throws: GeneratorError.self) {
      try Originals(files: [], copies: 1, augmentation: Augmentation(), seed: 0)
    }
    #expect(throws: GeneratorError.self) {
      try Originals(files: ["a.png"], copies: 0, augmentation: Augmentation(), seed: 0)
    }
  }

  @Test func knownProductsVaryAsTheyMay() {
    #expect(ProductVariation.of(category: "Metal_Nut") == .rotating)
    #expect(ProductVariation.of(category: "carpet") == .texture)
    #expect(ProductVariation.of(category: "something new") == .aligned)
    #expect(ProductVariation.aligned.augmentation.horizontalFlip == 0)
    #expect(ProductVariation.aligned.augmentation.degrees <= 3)
  }
}
