import Datasets
import Foundation
import TestSupport
import Testing

@Suite("Lists of pictures")
struct ManifestTests {
  private let pictures = ["a/1.png", "a/2.png", "b c/3.png", "bad/4.png", "m/4.png", "m/4b.png"]

  private func read(
    _ list: String, _ name: String = "list.csv", category: String? = nil, _ check: (Datasets.Category) throws -> Void
  ) throws {
    try withFiles(pictures) { root throws in
      try PictureMaker(root: root).text(name, list)
      try check(Dataset(manifest: "\(root)/\(name)").category(category))
    }
  }

  private func described(_ category: Datasets.Category) -> [String] {
    category.training.map { "training \(category.relative($0))" }
      + category.validation.map { "validation \(category.relative($0))" }
      + category.test.map {
        "\($0.label.name) \(category.relative($0.path)) \($0.masks.map(category.relative).joined(separator: "+"))"
      }
  }

  private let expected = [
    "training a/1.png", "validation a/2.png", "good b c/3.png ", "scratch, deep bad/4.png m/4.png+m/4b.png",
  ]

  @Test(arguments: [
    "path,split,label,mask\na/1.png,train,good,\na/2.png,validation,,\nb c/3.png,test,good,\n"
      + "bad/4.png,test,\"scratch, deep\",m/4.png|m/4b.png\n",
    // Windows line ends, a byte order mark, other order and case, blank lines, spaces, no line end at the end.
    "\u{FEFF}Label,Mask,Path,Split,note\r\ngood,, a/1.png ,Train,x\r\n\r\n,,a/2.png,val,\r\nnormal,,b c/3.png,test\r\n"
      + "\"scratch, deep\",m/4.png|m/4b.png,bad/4.png,TEST,\"two\r\nlines\"",
    // As some spreadsheets write it.
    "path;split;label;mask\na/1.png;train;0;\na/2.png;valid;ok;\nb c/3.png;test;0;\n"
      + "bad/4.png;test;scratch, deep;m/4.png|m/4b.png",
    "path\tsplit\tlabel\tmask\na\\1.png\ttrain\t\t\na/2.png\tval\t\t\nb c\\3.png\ttest\tgood\t\n"
      + "bad\\4.png\ttest\tscratch, deep\tm\\4.png|m/4b.png",
  ])
  func csvInAllItsForms(_ list: String) throws { try read(list) { #expect(described($0) == expected) } }

  @Test func jsonLines() throws {
    let list = """
      {"path": "a/1.png", "split": "train", "label": "good", "mask": null}

      {"image_path": "a/2.png", "split": "val"}
      {"path": "b c/3.png", "split": "test", "label": 0, "other": [1]}
      {"path": "bad/4.png", "split": "test", "label": "scratch, deep", "mask": ["m/4.png", "m/4b.png"]}
      """
    try read(list, "list.jsonl") {
      #expect(described($0) == expected)
      #expect($0.name == "list")
    }
  }

  @Test func withoutSplitsGoodOnesAreTrainedOnAndDefectiveOnesTested() throws {
    try read("path,mask\na/1.png,\nbad/4.png,m/4.png\n") {
      #expect(described($0) == ["training a/1.png", "defective bad/4.png m/4.png"])
    }
    try read("path,label\na/1.png,0\nbad/4.png,1\n") {
      #expect(described($0) == ["training a/1.png", "defective bad/4.png "])
    }
  }

  @Test func defectivePicturesAreNotTrainedOn() throws {
    try read("path,split,label\na/1.png,train,good\nbad/4.png,train,scratch\n") {
      #expect(described($0) == ["training a/1.png"])
      #expect($0.skipped.map(\.reason) == ["defective: only normal pictures are trained on"])
    }
  }

  @Test func aColumnMayNameSeveralCategories() throws {
    let list = "category,path\ncup,a/1.png\nplate,a/2.png\n,b c/3.png\n"
    try read(list, category: "plate") { #expect(described($0) == ["training a/2.png"]) }
    try read(list, category: "list") { #expect(described($0) == ["training b c/3.png"]) }
    let error = #expect(throws: DatasetError.self) { try read(list) { _ in } }
    #expect(error?.description.hasSuffix("holds 3 categories; name one with --category: cup, list, plate.") == true)
  }

  @Test func trainingPicturesAreInTheOrderOfTheirNames() throws {
    try read("path\na/2.png\na/1.png\n") { #expect(described($0) == ["training a/1.png", "training a/2.png"]) }
  }

  @Test(arguments: [
    ("path\nnone.png\n", 2, "there is no picture ROOT/none.png"),
    ("path\na\n", 2, "there is no picture ROOT/a"),
    ("path,mask\n\nbad/4.png,none.png\n", 3, "there is no mask ROOT/none.png"),
    ("path\na/1.png\na/2.png\n./a/1.png\n", 4, "./a/1.png is listed already in line 2"),
    ("path,split\na/1.png,dev\n", 2, "the split 'dev' is not train, validation or test"),
    ("path,split\na/1.png,test\n", 2, "a test picture needs a label: good, or the kind of defect"),
    ("path,label\n,good\n", 2, "there is no path of a picture"),
    ("path,label\na/1.png,good,x\n", 2, "there are 3 fields for 2 columns"),
    ("file,label\na/1.png,good\n", 1, "there is no column 'path' among [\"file\", \"label\"]"),
    ("path,image\na/1.png,a/1.png\n", 1, "two columns mean the same: [\"path\", \"image\"]"),
    ("path\n\"a/1.png\n", 2, "a quoted field does not end"),
    ("{\"path\": \"a/1.png\"}\n{\"path\"\n", 2, "it is no JSON object"),
  ])
  func aWrongLineIsNamed(_ list: String, _ line: Int, _ reason: String) throws {
    try withFiles(pictures) { root throws in
      try PictureMaker(root: root).text("list.csv", list)
      let file = "\(root)/list.csv"
      #expect(
        throws: DatasetError.listed(file: file, line: line, reason: reason.replacing("ROOT", with: root))
      ) { try Dataset(manifest: file).category() }
    }
  }

  @Test(arguments: ["", "path,label\n", "\n\n"])
  func aListOfNothingIsRefused(_ list: String) throws {
    try withFiles([]) { root throws in
      try PictureMaker(root: root).text("list.csv", list)
      #expect(throws: DatasetError.unreadable(path: "\(root)/list.csv", reason: "it lists no picture")) {
        try Dataset(manifest: "\(root)/list.csv")
      }
    }
  }

  @Test func whatIsNoTextIsRefused() throws {
    try withFiles([]) { root throws in
      try PictureMaker(root: root).file("list.csv", Data([0x70, 0xFF, 0xFE]))
      #expect(throws: DatasetError.unreadable(path: "\(root)/list.csv", reason: "it is not UTF-8 text")) {
        try Dataset(manifest: "\(root)/list.csv")
      }
      #expect(throws: DatasetError.self) { try Dataset(manifest: "\(root)/none.csv") }
    }
  }
}
