import Datasets
import Foundation
import Images
import TestSupport
import Testing

@Suite("Masks of a sample")
struct SampleMasksTests {
  private func sample(_ names: [String], _ label: Label = .defective(kind: "x"), in root: String) -> Sample {
    Sample(path: "\(root)/picture.png", label: label, masks: names.map { "\(root)/\($0)" })
  }

  private func files(_ body: (PictureMaker) throws -> Void) throws {
    try withTemporaryFolder { try body(PictureMaker(root: $0.path)) }
  }

  @Test func withoutAMaskAGoodPictureIsGoodEverywhereAndADefectiveOneIsUnknown() throws {
    #expect(try sample([], .good, in: "").mask(width: 3, height: 2) == .empty(width: 3, height: 2))
    #expect(try sample([], in: "").mask(width: 3, height: 2) == nil)
  }

  /// 0 and 255, 0 and 1, one bit, palette, RGBA, 16 bits and a grey edge, as Pillow writes them.
  @Test(arguments: ["255", "1", "one-bit", "palette", "rgba", "16-bit-classes", "soft-edge"])
  func everyValueButZeroIsDefectiveInEveryEncoding(_ encoding: String) throws {
    let sample = Sample(
      path: "picture.png", label: .defective(kind: "x"), masks: [Fixtures.path("images/mask-\(encoding).png")])
    let mask = try #require(try sample.mask(width: 10, height: 6))
    #expect(mask.defectivePixels == 16)
    #expect(mask == (try Mask(path: Fixtures.path("images/mask-255.png"))))
    // Made binary before any resizing: nothing between 0 and 1.
    #expect(mask.resized(width: 7, height: 5).values.allSatisfy { $0 <= 1 })
  }

  @Test func severalMasksAreUnited() throws {
    try files { maker in
      try maker.mask("a.png", value: 240)
      try maker.mask("b.png", value: 1, x: 4, y: 3)
      try maker.mask("empty.png", value: 0)
      let union = try #require(try sample(["a.png", "empty.png", "b.png"], in: maker.root).mask(width: 12, height: 8))
      #expect(union.defectivePixels == 17)
      #expect(union.values[1 * 12 + 2] == 1 && union.values[5 * 12 + 6] == 1 && union.values[0] == 0)
    }
  }

  @Test func anEmptyMaskInADefectFolderIsLikeNone() throws {
    try files { maker in
      try maker.mask("m.png", value: 0)
      #expect(try sample(["m.png"], in: maker.root).mask(width: 12, height: 8) == nil)
    }
  }

  @Test func aGoodPictureMayHaveAnEmptyMaskAndNoOther() throws {
    try files { maker in
      try maker.mask("empty.png", value: 0)
      try maker.mask("full.png", value: 1)
      #expect(
        try sample(["empty.png"], .good, in: maker.root).mask(width: 12, height: 8) == .empty(width: 12, height: 8))
      let wrong = sample(["empty.png", "full.png"], .good, in: maker.root)
      #expect(
        throws: DatasetError.maskOfGood(picture: wrong.path, mask: "\(maker.root)/full.png", pixels: 9)
      ) { try wrong.mask(width: 12, height: 8) }
    }
  }

  @Test(arguments: [(13, 8), (12, 7), (8, 12), (24, 16)])
  func aMaskOfAnotherSizeIsRefused(_ width: Int, _ height: Int) throws {
    try files { maker in
      try maker.mask("m.png", width: width, height: height)
      let error = DatasetError.maskSize(mask: "\(maker.root)/m.png", found: [width, height], expected: [12, 8])
      #expect(throws: error) { try sample(["m.png"], in: maker.root).mask(width: 12, height: 8) }
      #expect(throws: error) {
        try sample(["m.png"], in: maker.root).channels(Self.table, width: 12, height: 8)
      }
    }
  }

  // MARK: channels

  private static let table = DefectTable([
    .init(name: "missing", pixelValue: 255, saturation: 6, isRelative: false),
    .init(name: "additional", pixelValue: 240, saturation: 70400, isRelative: false),
    .init(name: "scratch", pixelValue: 236, saturation: 0.4, isRelative: true),
  ])

  @Test func aChannelsValueSelectsItsEntry() throws {
    try files { maker in
      try maker.mask("0.png", value: 236)
      try maker.mask("1.png", value: 0)
      try maker.mask("2.png", value: 255, x: 4, y: 3)
      try maker.mask("3.png", value: 240, side: 2)
      let channels = try sample((0..<4).map { "\($0).png" }, in: maker.root)
        .channels(Self.table, width: 12, height: 8)
      #expect(channels.map(\.defect.name) == ["scratch", "missing", "additional"])
      #expect(channels.map(\.mask.defectivePixels) == [9, 9, 4])
      #expect(channels.map(\.defect.saturation) == [0.4, 6, 70400])
    }
  }

  @Test func aValueThatIsNotInTheTableIsNamed() throws {
    try files { maker in
      try maker.mask("m.png", value: 17)
      #expect(
        throws: DatasetError.maskValue(mask: "\(maker.root)/m.png", value: 17, known: [255, 240, 236])
      ) { try sample(["m.png"], in: maker.root).channels(Self.table, width: 12, height: 8) }
    }
  }

  @Test func severalValuesInOneChannelAreRefused() throws {
    try files { maker in
      try maker.image("m.png", PictureMaker.grey(12, 8) { x, _ in [0, 236, 255][x % 3] })
      try maker.image(
        "rgb.png", Image(width: 1, height: 2, channels: 3, pixels: [0, 0, 0, 255, 240, 240]))
      #expect(throws: DatasetError.maskValues(mask: "\(maker.root)/m.png", values: [236, 255])) {
        try sample(["m.png"], in: maker.root).channels(Self.table, width: 12, height: 8)
      }
      #expect(throws: DatasetError.maskValues(mask: "\(maker.root)/rgb.png", values: [240, 255])) {
        try sample(["rgb.png"], in: maker.root).channels(Self.table, width: 1, height: 2)
      }
    }
  }

  @Test func a16BitChannelIsNotTakenForAnEmptyOne() throws {
    let path = Fixtures.path("images/mask-16-bit-classes.png")
    let sample = Sample(path: "p.png", label: .defective(kind: "x"), masks: [path])
    #expect(
      throws: DatasetError.unreadable(path: path, reason: "it is a 16-bit mask; values of defects have 8 bits")
    ) { try sample.channels(Self.table, width: 10, height: 6) }
  }

  @Test func aGoodPictureHasNoChannels() throws {
    try files { maker in
      try maker.mask("m.png", value: 255)
      #expect(
        throws: DatasetError.maskOfGood(picture: "\(maker.root)/picture.png", mask: "\(maker.root)/m.png", pixels: 9)
      ) {
        try sample(["m.png"], .good, in: maker.root).channels(Self.table, width: 12, height: 8)
      }
    }
  }
}

@Suite("MVTec LOCO AD's table of defects")
struct DefectTableTests {
  private func read(_ text: String) throws -> DefectTable {
    try withTemporaryFolder { folder in
      try PictureMaker(root: folder.path).text("t.json", text)
      do { return try DefectTable(path: "\(folder.path)/t.json") } catch let error as DatasetError {
        guard case .defectTable(_, let reason) = error else { throw error }
        throw Reason(text: reason)
      }
    }
  }
  private struct Reason: Error, Equatable { let text: String }

  @Test func itIsReadAsItIsPublished() throws {
    let entries = try read(Miniature.table).entries
    #expect(entries.map(\.name) == ["missing", "additional", "scratch"])
    #expect(entries.map(\.pixelValue) == [255, 240, 236])
    #expect(entries.map(\.saturation) == [6, 70400, 0.4])
    #expect(entries.map(\.isRelative) == [false, false, true])
  }

  @Test(arguments: [
    ("", "it is no JSON list of"), ("{}", "it is no JSON list of"), ("[]", "it lists no defect"),
    ("[{\"defect_name\": \"a\"}]", "it is no JSON list of"),
    (row(0, 1), "a has the pixel_value 0, which is not from 1"),
    (row(256, 1), "a has the pixel_value 256"), (row(9, 0), "a has the saturation_threshold 0.0"),
    (row(9, -1), "a has the saturation_threshold -1.0"), (row(9, 1.5), "a has the saturation_threshold 1.5"),
    (
      "[{\"defect_name\": \"a\", \"pixel_value\": 9, \"saturation_threshold\": 1, \"relative_saturation\": true}, "
        + "{\"defect_name\": \"b\", \"pixel_value\": 9, \"saturation_threshold\": 1, \"relative_saturation\": true}]",
      "a and b have the same pixel_value 9"
    ),
  ])
  func aWrongTableSaysWhy(_ text: String, _ words: String) {
    let error = #expect(throws: Reason.self) { try read(text) }
    #expect(error?.text.hasPrefix(words) == true, "\(error?.text ?? "")")
  }

  private static func row(_ value: Int, _ saturation: Double) -> String {
    "[{\"defect_name\": \"a\", \"pixel_value\": \(value), \"saturation_threshold\": \(saturation), "
      + "\"relative_saturation\": true}]"
  }

  @Test func aDamagedTableStopsTheCategory() throws {
    try withTemporaryFolder { folder in
      try Miniature.loco(PictureMaker(root: folder.path))
      try PictureMaker(root: folder.path).text("screw_bag/defects_config.json", "[")
      let error = #expect(throws: DatasetError.self) { try Dataset(root: folder.path).category() }
      #expect(error?.description.contains("\(folder.path)/screw_bag/defects_config.json cannot be used") == true)
    }
  }
}
