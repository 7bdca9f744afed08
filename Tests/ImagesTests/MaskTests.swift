import Images
import TestSupport
import Testing

@Suite("Masks")
struct MaskTests {
  private func mask(_ rows: [String]) -> Mask {
    Mask(width: rows[0].count, height: rows.count, values: rows.joined().map { $0 == "#" ? 1 : 0 })
  }

  private func rows(_ mask: Mask) -> [String] {
    (0..<mask.height).map { row in
      String(mask.values[(row * mask.width)..<((row + 1) * mask.width)].map { $0 == 0 ? "." : "#" })
    }
  }

  @Test(arguments: ImageReference.maskFiles)
  func everyEncodingGivesTheSameMask(_ file: String) throws {
    let read = try Mask(path: ImageReference.path(file))
    #expect(try rows(read) == ImageReference.read.get().masks.rows)
    #expect(read.values.allSatisfy { $0 <= 1 })
    #expect(read.defectivePixels == 16)
  }

  @Test func aMaskThatCannotBeReadIsNamed() {
    #expect(throws: ImageError.unreadable(path: "/nowhere/m.png", reason: "there is no such file")) {
      try Mask(path: "/nowhere/m.png")
    }
  }

  @Test func anyChannelCounts() throws {
    let image = try Image(width: 2, height: 2, channels: 3, pixels: [0, 0, 1, 0, 0, 0, 0, 9, 0, 255, 0, 0])
    #expect(Mask(image).values == [1, 0, 1, 1])
  }

  @Test func resizingTakesTheValueUnderTheCentre() {
    // Centres of 3 of 5 columns: (c + 1/2) · 5/3 = 0.83, 2.5, 4.17.
    #expect(rows(mask(["#.#.#", ".#.#."]).resized(width: 3, height: 2)) == ["###", "..."])
    // Enlarging repeats; with an odd ratio the middle pixel comes first: 0.25, 0.75, 1.25, …
    #expect(rows(mask(["#.", ".#"]).resized(width: 4, height: 2)) == ["##..", "..##"])
    #expect(rows(mask(["#.."]).resized(width: 1, height: 1)) == ["."])
    #expect(rows(mask(["#"]).resized(width: 3, height: 2)) == ["###", "###"])
    let same = mask(["#.", ".#"])
    #expect(same.resized(width: 2, height: 2) == same)
  }

  @Test func theOutlineLiesInside() {
    let square = mask([".......", ".#####.", ".#####.", ".#####.", ".#####.", ".#####.", "......."])
    #expect(
      rows(square.outline()) == [".......", ".#####.", ".#...#.", ".#...#.", ".#...#.", ".#####.", "......."])
    #expect(
      rows(square.outline(thickness: 2)) == [
        ".......", ".#####.", ".#####.", ".##.##.", ".#####.", ".#####.", ".......",
      ])
    #expect(square.outline(thickness: 9) == square)
    #expect(square.outline(thickness: 0) == square.outline())
  }

  @Test func thePicturesEdgeIsNoOutline() {
    #expect(rows(mask(["###", "###"]).outline()) == ["...", "..."])
    #expect(rows(mask(["##.", "##.", "..."]).outline()) == [".#.", "##.", "..."])
    #expect(rows(mask(["#"]).outline()) == ["."])
  }

  @Test func emptyAndPictures() {
    let empty = Mask.empty(width: 3, height: 2)
    #expect(empty.values == [0, 0, 0, 0, 0, 0])
    #expect(empty.outline() == empty)
    #expect(mask(["#."]).image.pixels == [255, 0])
  }

  @Test func aMaskOfAnotherCountIsAProgrammingError() async {
    await #expect(processExitsWith: .failure) { _ = Mask(width: 2, height: 2, values: [1]) }
  }
}
