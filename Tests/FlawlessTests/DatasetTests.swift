import Foundation
import Images
import TestSupport
import Testing

@Suite("Data sets on the command line")
struct DatasetTests {
  private func train(_ arguments: [String], to model: String) throws -> ProgramRun.Outcome {
    try ProgramRun(
      "flawless",
      ["train"] + arguments + [
        "--weights", SmallProduct.shared.get().weights, "--size", "64", "--device", "cpu", "-o", model,
      ]
    ).wait()
  }

  private func split(_ model: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(model)/split.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// The small product's folders, in a folder of the test's own.
  private func withPictures(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      try SmallPictures.write(to: folder.path)
      try body(folder.path)
    }
  }

  @Test func theLayoutIsRecognisedAndTheSplitIsStored() throws {
    try withPictures { root in
      let model = "\(root)/a.model"
      try Data().write(to: URL(fileURLWithPath: "\(root)/plate/license.txt"))
      let outcome = try train(["--data", root, "--shots", "2", "--draw", "7"], to: model)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("data set: \(root)/plate has MVTec AD's layout (--dataset mvtec)\n"))
      #expect(outcome.errors.contains("skipped license.txt: not a picture by its name\n"))
      let split = try split(model)
      #expect(split["dataset"] as? String == "mvtec")
      #expect(split["category"] as? String == "plate")
      #expect(split["shots"] as? Int == 2 && split["draw"] as? Int == 7)
      #expect((split["files"] as? [[String: Any]])?.count == 2)
      #expect((split["skipped"] as? [[String: String]])?.count == 1)
      // What the model itself lists is the same.
      let description = try Data(contentsOf: URL(fileURLWithPath: "\(model)/model.json"))
      let json = try #require(try JSONSerialization.jsonObject(with: description) as? [String: Any])
      let hashes = (json["trainingFiles"] as? [[String: String]])?.map { $0["sha256"] }
      #expect((split["files"] as? [[String: String]])?.map { $0["sha256"] } == hashes)
    }
  }

  @Test func namedFoldersAreTrainedOnAndEvaluated() throws {
    try withPictures { root in
      let (model, plate) = ("\(root)/a.model", "\(root)/plate")
      let outcome = try train(["--normal", "\(plate)/train", "--normal", "\(plate)/test/good"], to: model)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("trained on 6 pictures in "))
      #expect(!outcome.errors.contains("data set:"))
      let evaluation = try ProgramRun(
        "flawless",
        [
          "evaluate", model, "--data", plate, "--normal-test", "test/good", "--abnormal", "test/hole", "--masks",
          "ground_truth", "--category", "tray", "--weights", SmallProduct.shared.get().weights, "--device", "cpu",
          "--json", "-",
        ]
      ).wait()
      #expect(evaluation.status == 0, "\(evaluation.errors)")
      let metrics = try #require((evaluation.json()["categories"] as? [String: [String: Any]])?["tray"])
      #expect(metrics["image_auroc"] as? Double == 1)
      #expect(metrics["pixel_auroc"] as? Double != nil)
      #expect(
        evaluation.errors.contains(
          "warning: the model was trained on 2 of the 4 test pictures (good/000.png, …): the metrics are too good\n"))
    }
  }

  @Test func aManifestIsTrainedOn() throws {
    try withPictures { root in
      let list = "\(root)/plate.csv"
      try Data("path,split\nplate/train/good/001.png,train\nplate/train/good/000.png,validation\n".utf8)
        .write(to: URL(fileURLWithPath: list))
      let model = "\(root)/a.model"
      let outcome = try train(["--manifest", list], to: model)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("trained on 1 picture in "))
      // Not from copies of the one training picture: one was set apart.
      #expect(outcome.output.contains("from 1 normal validation picture (low confidence)"))
      let files = try #require(split(model)["files"] as? [[String: String]])
      #expect(files.map { $0["path"] } == ["plate/train/good/001.png", "plate/train/good/000.png"])
      #expect(files.map { $0["split"] } == ["training", "validation"])
    }
  }

  @Test func theCategoriesAreListedWhereOneMustBeNamed() throws {
    try withPictures { root in
      try FileManager.default.copyItem(atPath: "\(root)/plate", toPath: "\(root)/bowl")
      let outcome = try train(["--data", root], to: "\(root)/a.model")
      #expect(outcome.status == 1)
      #expect(outcome.errors == "flawless: \(root) holds 2 categories; name one with --category: bowl, plate.\n")
    }
  }

  @Test func checkCountsAndNames() throws {
    try withPictures { root in
      let outcome = try flawless("datasets", "check", "--data", root)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(lines.count == 5)
      #expect(lines.first == "\(root): MVTec AD's layout")
      #expect(lines[2].split(separator: " ") == ["plate", "4", "0", "2", "2", "0"])
      #expect(lines[3...] == ["plate: defects: hole 2", "plate: sizes: 60 x 44 (8)"])
      let json = try flawless("datasets", "check", "--data", root, "--json", "-").json()
      #expect(json["dataset"] as? String == "mvtec")
      let plate = try #require((json["categories"] as? [String: [String: Any]])?["plate"])
      #expect(plate.keys.sorted() == ["problems", "skipped", "test", "training", "validation", "without_mask"])
      #expect(plate["test"] as? [String: Int] == ["good": 2, "hole": 2])
    }
  }

  @Test func checkFailsWhereAnEvaluationWould() throws {
    try withTemporaryFolder { folder in
      try SmallPictures.write(to: folder.path, maskSize: (31, 44))
      try FileManager.default.removeItem(atPath: "\(folder.path)/plate/ground_truth/hole/001_mask.png")
      let outcome = try flawless("datasets", "check", "--data", folder.path, "--category", "plate")
      #expect(outcome.status == 1)
      #expect(outcome.errors.hasSuffix("flawless: 1 error in the data set.\n"))
      #expect(
        outcome.output.contains("plate: error: The mask \(folder.path)/plate/ground_truth/hole/000_mask.png is 31"))
      #expect(outcome.output.contains("plate: warning: \(folder.path)/plate/test/hole/001.png has no mask"))
      let json = try flawless("datasets", "check", "--data", folder.path, "--json", "-")
      #expect(json.status == 1)
      let plate = try #require((json.json()["categories"] as? [String: [String: Any]])?["plate"])
      #expect((plate["problems"] as? [[String: String]])?.map { $0["severity"] } == ["error", "warning"])
    }
  }
}
