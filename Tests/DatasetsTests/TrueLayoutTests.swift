import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// Each data set in small, with the names, formats and side files of what is downloaded.
enum Miniature {
  /// MVTec AD: PNG masks called `_mask`, licence and readme in each category.
  static func mvtec(_ maker: PictureMaker) throws {
    for category in ["bottle", "grid"] {
      for number in 0..<3 { try maker.picture("\(category)/train/good/00\(number).png") }
      try maker.picture("\(category)/test/good/000.png", "\(category)/test/good/001.png")
      for kind in ["bent", "broken"] {
        try maker.picture("\(category)/test/\(kind)/000.png")
        try maker.mask("\(category)/ground_truth/\(kind)/000_mask.png")
      }
      try maker.text("\(category)/license.txt", "CC BY-NC-SA 4.0")
      try maker.text("\(category)/readme.txt", "about")
    }
  }

  /// MVTec LOCO AD: a folder of channels for each picture, a table of defects, a validation part.
  static func loco(_ maker: PictureMaker) throws {
    let category = "screw_bag"
    for number in 0..<3 { try maker.picture("\(category)/train/good/00\(number).png") }
    for number in 0..<2 { try maker.picture("\(category)/validation/good/00\(number).png") }
    try maker.picture("\(category)/test/good/000.png")
    for number in 0..<2 { try maker.picture("\(category)/test/logical_anomalies/00\(number).png") }
    try maker.picture("\(category)/test/structural_anomalies/000.png")
    let truth = "\(category)/ground_truth"
    try maker.mask("\(truth)/logical_anomalies/000/000.png", value: 255)
    try maker.mask("\(truth)/logical_anomalies/000/001.png", value: 240, x: 4, y: 3)
    try maker.mask("\(truth)/logical_anomalies/001/000.png", value: 255)
    try maker.mask("\(truth)/structural_anomalies/000/000.png", value: 236, side: 1)
    try maker.text("\(category)/defects_config.json", table)
    try maker.text("\(category)/license.txt", "CC BY-NC-SA 4.0")
  }

  static let table = """
    [
      {"defect_name": "missing", "pixel_value": 255, "saturation_threshold": 6, "relative_saturation": false},
      {"defect_name": "additional", "pixel_value": 240, "saturation_threshold": 70400, "relative_saturation": false},
      {"defect_name": "scratch", "pixel_value": 236, "saturation_threshold": 0.4, "relative_saturation": true}
    ]
    """

  /// BTAD: `ok` and `ko`, pictures and masks in BMP and PNG, not always in the same letter case.
  static func btad(_ maker: PictureMaker) throws {
    for (category, picture, mask) in [("01", "bmp", "png"), ("02", "png", "png"), ("03", "bmp", "bmp")] {
      for number in 0..<3 { try maker.picture("\(category)/train/ok/000\(number).\(picture)") }
      try maker.picture("\(category)/test/ok/0000.\(picture)", "\(category)/test/ko/0000.\(picture)")
      try maker.picture("\(category)/test/ko/KO_1.\(picture.uppercased())")
      try maker.mask("\(category)/ground_truth/ko/0000.\(mask)")
      try maker.mask("\(category)/ground_truth/ko/ko_1.\(mask)")
    }
  }

  /// VisA as downloaded: JPEG pictures, PNG masks of class numbers, and lists.
  static func visa(_ maker: PictureMaker) throws {
    var list = "object,split,label,image,mask\n"
    for category in ["candle", "pcb1"] {
      for number in 0..<4 {
        let path = "\(category)/Data/Images/Normal/000\(number).JPG"
        try maker.picture(path)
        list += "\(category),\(number < 3 ? "train" : "test"),normal,\(path),\n"
      }
      let (path, mask) = ("\(category)/Data/Images/Anomaly/000.JPG", "\(category)/Data/Masks/Anomaly/000.png")
      try maker.picture(path)
      try maker.mask(mask, value: 3)
      list += "\(category),test,anomaly,\(path),\(mask)\n"
      try maker.text("\(category)/image_anno.csv", "image,label,mask\n")
    }
    try maker.text("split_csv/1cls.csv", list)
    try maker.text(
      "split_csv/2cls_fewshot.csv",
      """
      object,split,label,image,mask
      candle,train,normal,candle/Data/Images/Normal/0000.JPG,
      candle,train,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png
      """)
  }

  /// VisA in MVTec AD's folders, as others reorganise it.
  static func reorganisedVisa(_ maker: PictureMaker) throws {
    for number in 0..<3 { try maker.picture("candle/train/good/000\(number).JPG") }
    try maker.picture("candle/test/good/0003.JPG", "candle/test/bad/000.JPG")
    try maker.mask("candle/ground_truth/bad/000.png", value: 1)
  }
}

@Suite("Data sets in their true layout, in small")
struct TrueLayoutTests {
  private func dataset(
    _ make: (PictureMaker) throws -> Void, _ kind: DatasetKind = .auto, _ check: (Dataset, String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try make(PictureMaker(root: folder.path))
      try check(Dataset(kind, root: folder.path), folder.path)
    }
  }

  private func masks(_ category: Datasets.Category) -> [[String]] {
    category.test.map { $0.masks.map(category.relative) }
  }

  private func skipped(_ category: Datasets.Category) -> [String] {
    category.skipped.map { "\(category.relative($0.path)): \($0.reason)" }.sorted()
  }

  @Test func mvtec() throws {
    try dataset(Miniature.mvtec) { dataset, root throws in
      #expect(dataset.kind == .mvtec)
      #expect(try dataset.categories() == ["bottle", "grid"])
      let category = try dataset.category("bottle")
      #expect(category.training.map(category.relative) == (0..<3).map { "train/good/00\($0).png" })
      #expect(category.validation.isEmpty && category.defects == nil)
      #expect(category.testCounts.map(\.kind) == ["good", "bent", "broken"])
      #expect(category.testCounts.map(\.count) == [2, 1, 1])
      #expect(masks(category) == [[], [], ["ground_truth/bent/000_mask.png"], ["ground_truth/broken/000_mask.png"]])
      #expect(
        skipped(category) == ["license.txt: not a picture by its name", "readme.txt: not a picture by its name"])
      #expect(try DatasetCheck(category).problems.isEmpty)
    }
  }

  @Test func loco() throws {
    try dataset(Miniature.loco) { dataset, _ throws in
      #expect(dataset.kind == .loco)
      let category = try dataset.category()
      #expect(category.training.count == 3)
      #expect(category.validation.map(category.relative) == ["validation/good/000.png", "validation/good/001.png"])
      #expect(category.testCounts.map(\.kind) == ["good", "logical_anomalies", "structural_anomalies"])
      #expect(
        masks(category) == [
          [], (0..<2).map { "ground_truth/logical_anomalies/000/00\($0).png" },
          ["ground_truth/logical_anomalies/001/000.png"], ["ground_truth/structural_anomalies/000/000.png"],
        ])
      #expect(category.defects?.entries.map(\.name) == ["missing", "additional", "scratch"])
      #expect(skipped(category) == ["license.txt: not a picture by its name"])
      #expect(try DatasetCheck(category).problems.isEmpty)
    }
  }

  @Test func btad() throws {
    try dataset(Miniature.btad) { dataset, _ throws in
      #expect(dataset.kind == .btad)
      #expect(try dataset.categories() == ["01", "02", "03"])
      for (name, mask) in [("01", "png"), ("02", "png"), ("03", "bmp")] {
        let category = try dataset.category(name)
        #expect(category.training.count == 3)
        #expect(category.test.map(\.label) == [.good, .defective(kind: "ko"), .defective(kind: "ko")])
        #expect(
          masks(category) == [[], ["ground_truth/ko/0000.\(mask)"], ["ground_truth/ko/ko_1.\(mask)"]])
        #expect(category.skipped.isEmpty)
      }
    }
  }

  /// Bitmaps as BTAD has them, read to the last pixel: pictures of category 01 and 03, masks of 03.
  @Test func btadsBitmapsAreRead() throws {
    try dataset(Miniature.btad) { dataset, root throws in
      for name in ["01", "02", "03"] {
        let category = try dataset.category(name)
        let check = try DatasetCheck(category)
        #expect(check.problems.isEmpty, "\(check.problems)")
        #expect(check.sizes == [.init(width: 12, height: 8): 6])
        let square = try PictureMaker.grey(12, 8) { (2..<5).contains($0) && (1..<4).contains($1) ? 255 : 0 }
        for sample in category.test.dropFirst() {
          #expect(try sample.mask(width: 12, height: 8) == Mask(square))
        }
        let picture = try Image(path: category.training[1])
        let first = try #require(picture.pixels.first)
        let expected = try PictureMaker.grey(12, 8) { UInt8(truncatingIfNeeded: Int(first) + 3 * $0 + 5 * $1) }
        #expect(picture.channels == (name == "02" ? 1 : 3))
        #expect(picture.rgb == expected.rgb)
      }
      let split = try DatasetSplit(
        dataset.category("03"), training: dataset.category("03").training, shots: nil, draw: nil, hashes: [:])
      #expect(try String(decoding: split.json(), as: UTF8.self).contains("train/ok/0001.bmp"))
    }
  }

  @Test func visa() throws {
    try dataset(Miniature.visa) { dataset, root throws in
      #expect(dataset.kind == .visa)
      #expect(try dataset.categories() == ["candle", "pcb1"])
      let category = try dataset.category("pcb1")
      #expect(category.training.map(category.relative) == (0..<3).map { "pcb1/Data/Images/Normal/000\($0).JPG" })
      #expect(category.test.map(\.label) == [.good, .defective(kind: "anomaly")])
      #expect(masks(category) == [[], ["pcb1/Data/Masks/Anomaly/000.png"]])
      // The numbers of classes are small, and still defects.
      #expect(try category.test[1].mask(width: 12, height: 8)?.defectivePixels == 9)
      #expect(try DatasetCheck(category).problems.isEmpty)
      #expect(try Dataset(.visa, root: root).category("pcb1").training == category.training)
    }
  }

  @Test func visasOtherListsAreNamedByTheirFile() throws {
    try dataset(Miniature.visa) { _, root throws in
      let category = try Dataset(root: root, split: "2cls_fewshot").category()
      #expect(category.training.count == 1)
      #expect(
        skipped(category) == [
          "candle/Data/Images/Anomaly/000.JPG: defective: only normal pictures are trained on"
        ])
      #expect(
        throws: DatasetError.missing(
          path: "\(root)/split_csv/3cls.csv",
          expected: "VisA's list of the split '3cls', which comes with the data set")
      ) { try Dataset(root: root, split: "3cls") }
    }
  }

  @Test func visaWithoutItsListsSaysSo() throws {
    try withTemporaryFolder { folder in
      try Miniature.visa(PictureMaker(root: folder.path))
      try FileManager.default.removeItem(atPath: "\(folder.path)/split_csv")
      let dataset = try Dataset(root: folder.path)
      #expect(dataset.kind == .visa)
      #expect(
        throws: DatasetError.missing(
          path: "\(folder.path)/split_csv/1cls.csv",
          expected: "VisA's list of the split '1cls', which comes with the data set")
      ) { try dataset.category("candle") }
    }
  }

  @Test func reorganisedVisa() throws {
    for (kind, found) in [(DatasetKind.visa, DatasetKind.visa), (.auto, .mvtec)] {
      try dataset(Miniature.reorganisedVisa, kind) { dataset, _ throws in
        #expect(dataset.kind == found)
        let category = try dataset.category("candle")
        #expect(category.training.count == 3)
        #expect(category.test.map(\.label) == [.good, .defective(kind: "bad")])
        #expect(masks(category) == [[], ["ground_truth/bad/000.png"]])
        #expect(try category.test[1].mask(width: 12, height: 8)?.defectivePixels == 9)
      }
    }
  }

  @Test(arguments: [
    (DatasetKind.loco, "loco: <category>/defects_config.json"), (.btad, "btad: <category>/train/ok"),
    (.folder, "folder: pictures and no folders"),
  ])
  func anotherLayoutThanTheOneNamedIsRefused(_ kind: DatasetKind, _ mark: String) throws {
    try withTemporaryFolder { folder in
      try Miniature.mvtec(PictureMaker(root: folder.path))
      #expect(throws: DatasetError.unrecognised(root: folder.path, layouts: [mark])) {
        try Dataset(kind, root: folder.path)
      }
    }
  }

  @Test func locoReadAsMVTecKeepsTheUnionOfItsMasks() throws {
    try dataset(Miniature.loco, .mvtec) { dataset, _ throws in
      let sample = try dataset.category("screw_bag").test[1]
      #expect(sample.masks.count == 2)
      // Two squares of 9 pixels with one in common.
      #expect(try sample.mask(width: 12, height: 8)?.defectivePixels == 17)
    }
  }

  @Test func whatIsNotRecognisedIsToldWithEveryMark() throws {
    try withTemporaryFolder { folder in
      try PictureMaker(root: folder.path).picture("good/0.png", "bad/0.png")
      let error = #expect(throws: DatasetError.self) { try Dataset(root: folder.path) }
      for mark in ["split_csv/1cls.csv", "defects_config.json", "train/good", "train/ok", "--normal", "--manifest"] {
        #expect(error?.description.contains(mark) == true, "\(mark)")
      }
    }
  }
}
