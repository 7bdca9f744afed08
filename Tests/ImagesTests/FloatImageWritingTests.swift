import Foundation
import Images
import TestSupport
import Testing

@Suite("Writing floats")
struct FloatImageWritingTests {
  private func map(_ width: Int, _ height: Int, _ channels: Int) throws -> FloatImage {
    var values = Reproducible(3)
    return try FloatImage(
      width: width, height: height, channels: channels, samples: values.floats(width * height * channels))
  }

  /// NumPy's own bytes for the samples 0.5, 1.5, … with an infinity, a NaN and the smallest float at the end.
  @Test(arguments: [(1, 1, 1), (5, 3, 1), (1, 7, 1), (1234, 1, 1), (2, 3, 3)])
  func anNPYFileIsNumPysByteForByte(_ size: (width: Int, height: Int, channels: Int)) throws {
    let (width, height, channels) = size
    let shape = channels == 1 ? "\(height)x\(width)" : "\(height)x\(width)x\(channels)"
    let expected = try ImageReference.bytes("floats-\(shape).npy")
    var samples = (0..<(width * height * channels)).map { Float($0) + 0.5 }
    if samples.count > 3 {
      samples.replaceSubrange((samples.count - 3)..., with: [.infinity, .nan, .leastNonzeroMagnitude])
    }
    let image = try FloatImage(width: width, height: height, channels: channels, samples: samples)
    #expect([UInt8](image.npyData) == expected)
  }

  @Test func theTIFFHeaderIsWhatTheStandardAsksFor() throws {
    let bytes = [UInt8](try FloatImage(width: 2, height: 1, samples: [1, -2]).tiffData)
    func short(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }
    func long(_ place: Int) -> Int { short(place) | short(place + 2) << 16 }
    #expect(bytes.prefix(8) == [0x49, 0x49, 42, 0, 8, 0, 0, 0])
    let entries = Dictionary(
      uniqueKeysWithValues: (0..<short(8)).map { (short(10 + $0 * 12), long(10 + $0 * 12 + 8)) })
    let tags = (0..<short(8)).map { short(10 + $0 * 12) }
    #expect(tags == tags.sorted())
    #expect(entries[256] == 2 && entries[257] == 1 && entries[258] == 32 && entries[339] == 3 && entries[279] == 8)
    let start = try #require(entries[273])
    #expect(bytes[start...] == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
  }

  @Test func aPlaceThatCannotBeWrittenIsNamedAndLeavesNothing() throws {
    try withTemporaryFolder { folder in
      let image = try map(3, 2, 1)
      let url = folder.appendingPathComponent("missing/a.tiff")
      let expected = ImageError.unwritable(path: url.path, reason: "the folder is missing, full or not writable")
      #expect(throws: expected) { try image.writeTIFF(to: url) }
      #expect(throws: expected) { try image.writeNPY(to: url) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
      let file = folder.appendingPathComponent("a")
      try image.writeTIFF(to: file)
      #expect(try Data(contentsOf: file) == image.tiffData)
      try image.writeNPY(to: file)
      #expect(try Data(contentsOf: file) == image.npyData)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }
  }

  @Test(arguments: [(0, 4, 1, 0), (2, 2, 2, 8), (2, 2, 3, 11), (-1, -1, 1, 1), (1 << 20, 1 << 20, 1, 4)])
  func aCountThatDoesNotFitTheSizeIsRefused(_ size: (width: Int, height: Int, channels: Int, count: Int)) {
    #expect(
      throws: ImageError.size(width: size.width, height: size.height, channels: size.channels, count: size.count)
    ) {
      try FloatImage(
        width: size.width, height: size.height, channels: size.channels,
        samples: [Float](repeating: 0, count: size.count))
    }
  }
}
