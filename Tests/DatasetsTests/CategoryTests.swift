import Datasets
import Testing

@Suite("Choosing training pictures")
struct CategoryTests {
  private let category = Datasets.Category(name: "bottle", training: (0..<10).map { "00\($0).png" }, test: [])

  @Test func withoutANumberAllAreTaken() throws {
    #expect(try category.shots(nil) == category.training)
    #expect(try category.shots(nil, draw: 7) == category.training)
  }

  @Test func withoutADrawTheFirstByNameAreTaken() throws {
    #expect(try category.shots(3) == ["000.png", "001.png", "002.png"])
    #expect(try category.shots(10) == category.training)
  }

  @Test func aDrawIsReproducibleAndHasNoRepeats() throws {
    var seen: Set<[String]> = []
    for draw in UInt64(0)..<20 {
      let drawn = try category.shots(4, draw: draw)
      #expect(try drawn == category.shots(4, draw: draw))
      #expect(Set(drawn).count == 4)
      #expect(Set(drawn).isSubset(of: category.training))
      seen.insert(drawn)
    }
    #expect(seen.count > 15)
    #expect(try Set(category.shots(10, draw: 1)) == Set(category.training))
  }

  @Test func aDrawNeverChanges() throws {
    // Stored with models: a new release must draw the same pictures. SplitMix64 from 7, Fisher and Yates, as
    // computed elsewhere.
    #expect(try category.shots(4, draw: 7) == pinnedDraw)
  }

  private let pinnedDraw = ["007.png", "000.png", "004.png", "006.png"]

  @Test func aSmallerDrawBeginsALargerOne() throws {
    #expect(try category.shots(8, draw: 3).starts(with: category.shots(2, draw: 3)))
  }

  @Test func everyPictureIsDrawnAboutEquallyOften() throws {
    var counts: [String: Int] = [:]
    for draw in UInt64(0)..<1000 { counts[try category.shots(1, draw: draw)[0], default: 0] += 1 }
    // 100 expected, standard deviation 9.5; the draws are fixed, so this cannot flicker.
    #expect(counts.count == 10)
    #expect(counts.values.allSatisfy { abs($0 - 100) <= 40 })
  }

  @Test func withoutNormalPicturesThereIsNothingToTrainOn() {
    let empty = Datasets.Category(name: "bottle", training: [], test: [])
    #expect(throws: DatasetError.noTraining(category: "bottle")) { try empty.shots(nil) }
  }

  @Test(arguments: [0, -1, 11])
  func aNumberThatCannotBeHadIsRefused(_ count: Int) {
    for draw in [nil, UInt64(1)] {
      #expect(throws: DatasetError.shots(asked: count, available: 10, category: "bottle")) {
        try category.shots(count, draw: draw)
      }
    }
  }

  @Test func errorsAreOneSentence() {
    #expect(
      DatasetError.shots(asked: 11, available: 10, category: "bottle").description
        == "11 training pictures were asked for, but bottle has 10.")
    #expect(
      DatasetError.maskSize(mask: "m.png", found: [2, 3], expected: [4, 5]).description
        == "The mask m.png is 2 x 3 pixels, but its picture is 4 x 5.")
    #expect(DatasetError.missing(path: "/a", expected: "b").description == "There is no /a; expected is b.")
    #expect(
      DatasetError.empty(path: "/a").description == "There is no PNG, JPEG, BMP, TIFF, WebP or PGM picture in /a.")
    #expect(
      DatasetError.category(asked: nil, root: "/a", known: ["b", "c"]).description
        == "/a holds 2 categories; name one with --category: b, c.")
    #expect(
      DatasetError.category(asked: "d", root: "/a", known: ["b", "c"]).description
        == "There is no category 'd' in /a; there is b, c.")
    #expect(
      DatasetError.maskValue(mask: "m.png", value: 7, known: [255, 254]).description
        == "The mask m.png has the value 7, which defects_config.json does not list; it lists 255, 254.")
    #expect(
      DatasetError.maskValues(mask: "m.png", values: Array(1...22)).description.contains("19, 20, …, but the pixels"))
    #expect(
      DatasetError.listed(file: "a.csv", line: 3, reason: "no").description == "a.csv, line 3: no.")
    #expect(
      DatasetError.nothingMatches("*.x").description
        == "Nothing matches '*.x'; name pictures, folders or quoted patterns.")
  }
}
