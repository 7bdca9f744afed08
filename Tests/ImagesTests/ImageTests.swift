import Images
import Testing

@Suite("Pictures in memory")
struct ImageTests {
  @Test(arguments: [(0, 4, 1, 0), (2, 2, 2, 8), (2, 2, 3, 11), (-1, -1, 1, 1), (1 << 20, 1 << 20, 1, 4)])
  func aCountThatDoesNotFitTheSizeIsRefused(_ size: (width: Int, height: Int, channels: Int, count: Int)) {
    let pixels = [UInt8](repeating: 0, count: size.count)
    #expect(
      throws: ImageError.size(width: size.width, height: size.height, channels: size.channels, count: size.count)
    ) {
      try Image(width: size.width, height: size.height, channels: size.channels, pixels: pixels)
    }
  }

  @Test func deepPicturesAreCheckedAlike() {
    for (width, height, count) in [(0, 0, 0), (2, 2, 3), (-2, -2, 4), (Int.max, 2, 1)] {
      #expect(throws: ImageError.size(width: width, height: height, channels: 1, count: count)) {
        try DeepImage(width: width, height: height, samples: [UInt16](repeating: 0, count: count))
      }
    }
  }

  @Test func greyIsRepeatedAsColour() throws {
    let grey = try Image(width: 2, height: 1, channels: 1, pixels: [3, 200])
    #expect(grey.rgb.pixels == [3, 3, 3, 200, 200, 200])
    #expect(grey.rgb.rgb == grey.rgb)
  }

  @Test func errorsAreOneSentence() {
    #expect(
      ImageError.unreadable(path: "a.png", reason: "the file is empty").description
        == "The picture a.png cannot be read: the file is empty.")
    #expect(
      ImageError.unwritable(path: "a.png", reason: "the disk is full").description
        == "The picture a.png cannot be written: the disk is full.")
    #expect(
      ImageError.size(width: 2, height: 3, channels: 1, count: 5).description
        == "A picture of 2 x 3 pixels and 1 channels cannot have 5 samples.")
    #expect(ImageError.encoding(reason: "why").description == "A picture cannot be encoded: why.")
  }
}
