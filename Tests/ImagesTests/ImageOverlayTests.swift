import Images
import TestSupport
import Testing

@Suite("Heat maps and sheets")
struct ImageOverlayTests {
  @Test func heatCoversMoreWhereItIsStronger() throws {
    let image = try Image(width: 3, height: 1, channels: 1, pixels: [100, 100, 100])
    let drawn = image.overlaid(heat: [0, 1, .nan])
    #expect(drawn.channels == 3)
    // 90 % of the picture and 10 % of black violet; 25 % and 75 % of light yellow.
    #expect(drawn.pixels.prefix(3) == [90, 90, 90])
    #expect(drawn.pixels[3..<6] == [214, 216, 148])
    #expect(drawn.pixels[6..<9] == drawn.pixels[3..<6])
  }

  @Test func heatOutsideOfTheScaleTakesItsEnds() throws {
    let image = try noise(2, 2, 3)
    #expect(image.overlaid(heat: [-5, 9, 0.5, 1]) == image.overlaid(heat: [0, 1, 0.5, 1]))
  }

  @Test func paintingTouchesTheMaskOnly() throws {
    let image = try noise(3, 2, 1)
    let mask = Mask(width: 3, height: 2, values: [0, 1, 0, 0, 0, 1])
    let painted = image.painted(mask, red: 1, green: 2, blue: 3)
    for pixel in 0..<6 {
      let found = painted.pixels[(pixel * 3)..<(pixel * 3 + 3)]
      #expect(found == (mask.values[pixel] == 0 ? image.rgb.pixels[(pixel * 3)..<(pixel * 3 + 3)] : [1, 2, 3]))
    }
  }

  @Test func aSheetSetsPicturesInRows() throws {
    let pictures = try (0..<3).map { try Image(width: 2, height: 1, channels: 1, pixels: [UInt8($0), UInt8($0 + 10)]) }
    let sheet = try Image.sheet(pictures, columns: 2, margin: 1)
    #expect(sheet.extent == [5, 3, 3])
    let grey = stride(from: 0, to: sheet.pixels.count, by: 3).map { sheet.pixels[$0] }
    #expect(grey == [0, 10, 255, 1, 11, 255, 255, 255, 255, 255, 2, 12, 255, 255, 255])
  }

  @Test func aSheetNeedsPicturesOfOneSize() throws {
    let pictures = try [noise(2, 2, 1), noise(3, 2, 1)]
    let expected = ImageError.encoding(reason: "a sheet needs pictures of one size")
    #expect(throws: expected) { try Image.sheet(pictures, columns: 2) }
    #expect(throws: expected) { try Image.sheet([], columns: 2) }
    #expect(throws: expected) { try Image.sheet([pictures[0]], columns: 0) }
  }
}
