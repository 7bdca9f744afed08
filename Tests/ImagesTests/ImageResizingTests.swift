import Images
import TestSupport
import Testing

@Suite("Resizing pictures")
struct ImageResizingTests {
  @Test(arguments: ImageReference.resizing)
  func equalsPillowBitForBit(_ reference: ImageReference.Resizing) throws {
    let image = try Image(
      width: reference.width, height: reference.height, channels: reference.channels, pixels: [UInt8](reference.pixels))
    for expected in reference.results {
      let result = image.resized(width: expected.width, height: expected.height)
      #expect(result.extent == [expected.width, expected.height, image.channels])
      #expect(result.pixels == [UInt8](expected.pixels), "to \(expected.width) x \(expected.height)")
    }
  }

  @Test func itsOwnSizeChangesNothing() throws {
    let image = try noise(11, 6, 3)
    #expect(image.resized(width: 11, height: 6) == image)
  }

  @Test func sizesBelowOneBecomeOne() throws {
    let image = try noise(5, 4, 1).resized(width: 0, height: -3)
    #expect(image.extent == [1, 1, 1])
  }

  @Test(arguments: [UInt8(0), 1, 127, 254, 255])
  func anEvenPictureStaysEven(_ value: UInt8) throws {
    let image = try Image(
      width: 7, height: 5, channels: 3, pixels: [UInt8](repeating: value, count: 105))
    for (width, height) in [(3, 2), (16, 11), (1, 1)] {
      #expect(image.resized(width: width, height: height).pixels.allSatisfy { $0 == value })
    }
  }
}
