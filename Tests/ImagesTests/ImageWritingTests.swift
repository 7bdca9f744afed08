import Foundation
import Images
import TestSupport
import Testing

@Suite("Writing pictures")
struct ImageWritingTests {
  @Test(arguments: [1, 3], [(1, 1), (1, 17), (19, 1), (13, 7), (64, 33)])
  func aPNGComesBackAsItWas(_ channels: Int, size: (Int, Int)) throws {
    let image = try noise(size.0, size.1, channels)
    for level in [0, 1, 6, 9] {
      #expect(try Image(image.pngData(level: level), path: "memory") == image)
    }
  }

  @Test func sixteenBitsKeepTheirLowByte() throws {
    let samples: [UInt16] = [0, 1, 255, 256, 257, 0x1234, 0x8000, 0xFEFF, 0xFFFE, 0xFFFF, 7, 77]
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("map.png")
      try DeepImage(width: 4, height: 3, samples: samples).writePNG(to: url)
      // Read as a picture: the high bytes.
      let image = try Image(path: url.path)
      #expect(image.extent == [4, 3, 1])
      #expect(image.pixels == samples.map { UInt8($0 >> 8) })
      // Written without filter at level 6: the low bytes are in the file, as an independent reading of it shows.
      #expect(try Mask(path: url.path).values == samples.map { $0 == 0 ? 0 : 1 })
    }
  }

  @Test func aJPEGComesBackCloseToWhatItWas() throws {
    // Smooth: 4:4:4 at quality 95 keeps such pictures within a few steps.
    let limit = 6
    for channels in [1, 3] {
      let pixels = (0..<(24 * 18 * channels)).map { UInt8(40 + $0 / channels % 24 * 5 + $0 % channels * 20) }
      let image = try Image(width: 24, height: 18, channels: channels, pixels: pixels)
      let back = try Image(image.jpegData(quality: 95), path: "memory")
      #expect(back.extent == [24, 18, channels])
      #expect((zip(back.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max() ?? .max) <= limit)
    }
  }

  @Test func qualityOutsideOfItsRangeIsClamped() throws {
    let image = try noise(9, 5, 3)
    #expect(try image.jpegData(quality: 1000) == image.jpegData(quality: 100))
    #expect(try image.jpegData(quality: -3) == image.jpegData(quality: 1))
  }

  @Test func aPlaceThatCannotBeWrittenIsNamedAndLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let image = try noise(3, 3, 1)
      let file = folder.appendingPathComponent("file")
      try Data("old".utf8).write(to: file)
      for url in [folder.appendingPathComponent("missing/a.png"), file.appendingPathComponent("a.png")] {
        #expect(
          throws: ImageError.unwritable(path: url.path, reason: "the folder is missing, full or not writable")
        ) { try image.writePNG(to: url) }
      }
      // A folder stands where the file should go.
      let place = folder.appendingPathComponent("folder.png")
      try FileManager.default.createDirectory(
        at: place.appendingPathComponent("inside"), withIntermediateDirectories: true)
      #expect(throws: ImageError.self) { try image.writePNG(to: place) }
      #expect(throws: ImageError.self) {
        try DeepImage(width: 1, height: 1, samples: [1]).writePNG(to: place)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.sorted() == ["file", "folder.png"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: place.path) == ["inside"])
      #expect(try Data(contentsOf: file) == Data("old".utf8))
    }
  }

  @Test func anOldFileIsReplaced() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.png")
      try noise(9, 9, 3, seed: 1).writePNG(to: url)
      let image = try noise(4, 5, 1, seed: 2)
      try image.writePNG(to: url)
      #expect(try Image(path: url.path) == image)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.png"])
    }
  }
}
