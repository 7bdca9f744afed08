import Checkpoints
import Foundation
import Images
import TestSupport
import Testing

@Suite("flawless train --generated")
struct GeneratedTests {
  private func train(
    _ product: SmallProduct, to model: String, _ extra: [String], size: String = "64"
  ) throws -> ProgramRun {
    try ProgramRun(
      "flawless",
      [
        "train", "--data", product.root, "--category", SmallPictures.category, "--weights", product.weights, "--size",
        size, "--device", "cpu", "-o", model,
      ] + extra)
  }

  /// Writes a folder as `flawless generate` does: a picture for each real one's name that it descends from, and a rejected
  /// one.
  private func make(_ parents: [String], of product: SmallProduct, in folder: String, seed: Int = 500) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/pictures", withIntermediateDirectories: true)
    let entries = try (parents + ["000.png"]).enumerated().map { index, parent -> [String: Any] in
      let name = "pictures/000\(index + 1).png"
      let file = "\(folder)/\(name)"
      try SmallPictures.picture(seed: seed + index, defective: false).writePNG(to: URL(fileURLWithPath: file))
      return [
        "file": name, "sha256": try SHA256.hash(fileAt: file), "accepted": index < parents.count,
        "parents": [try SHA256.hash(fileAt: real(parent, of: product))],
      ]
    }
    let manifest: [String: Any] = ["format": "flawless-generated/1", "pictures": entries]
    try JSONSerialization.data(withJSONObject: manifest).write(to: URL(fileURLWithPath: "\(folder)/manifest.json"))
  }

  private func real(_ name: String, of product: SmallProduct) -> String {
    "\(product.root)/\(SmallPictures.category)/train/good/\(name)"
  }

  private func object(_ file: String) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: file), "\(file)")
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test func theModelSaysWhatItWasTrainedOn() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (made, model, json) = ("\(folder.path)/made", "\(folder.path)/m.model", "\(folder.path)/train.json")
      try make(["000.png", "000.png", "003.png"], of: product, in: made)
      let outcome = try train(product, to: model, ["--generated", made, "--json", json]).wait()
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("trained on 4 pictures and 3 generated ones in "), "\(outcome.output)")
      #expect(
        outcome.output.contains(
          "from 4 normal training pictures, cross-fitted in 4 folds, each without generated descendants"))
      #expect(outcome.errors.contains("generated pictures: 3 were accepted, 1 rejected\n"))
      #expect(outcome.errors.contains("features: 7/7"))
      let summary = try object(json)
      #expect(summary["pictures"] as? Int == 4 && summary["generated"] as? Int == 3)
      #expect(summary["memory_bank_rows"] as? Int == 7 * 64)
      let hashes = try (1...3).map { try SHA256.hash(fileAt: "\(made)/pictures/000\($0).png") }
      for (file, field, key) in [
        ("model.json", "trainingFiles", "generatedFiles"), ("split.json", "files", "generated"),
      ] {
        let object = try object("\(model)/\(file)")
        #expect((object[field] as? [Any])?.count == 4)
        let files = try #require(object[key] as? [[String: Any]])
        #expect(files.compactMap { $0["sha256"] as? String } == hashes)
        #expect(
          try files.last?["parents"] as? [String] == [SHA256.hash(fileAt: real("003.png", of: product))])
      }
      try checkWhatFollows(product, model, folder.path)
    }
  }

  /// What evaluation says of a model with generated pictures, and that it can be extended.
  private func checkWhatFollows(_ product: SmallProduct, _ model: String, _ folder: String) throws {
    let evaluation = try ProgramRun(
      "flawless",
      [
        "evaluate", model, "--data", product.root, "--category", SmallPictures.category, "--weights", product.weights,
        "--device", "cpu", "--json", "-", "--report", "\(folder)/report",
      ]
    ).wait()
    try #require(evaluation.status == 0, "\(evaluation.errors)")
    #expect(try evaluation.json()["generated"] as? Int == 3)
    #expect(!evaluation.errors.contains("warning"))
    let page = try String(contentsOfFile: "\(folder)/report/report.html", encoding: .utf8)
    #expect(page.contains("<dd>4, and 3 generated ones</dd>"))
    let more = "\(folder)/more"
    try FileManager.default.createDirectory(atPath: more, withIntermediateDirectories: true)
    try SmallPictures.picture(seed: 700, defective: false).writePNG(to: URL(fileURLWithPath: "\(more)/a.png"))
    // A generated one is in the bank already.
    try FileManager.default.copyItem(atPath: "\(folder)/made/pictures/0001.png", toPath: "\(more)/b.png")
    let extended = try ProgramRun(
      "flawless",
      [
        "train", "--normal", more, "--extend", model, "--weights", product.weights, "--device", "cpu", "-o",
        "\(folder)/larger.model",
      ]
    ).wait()
    try #require(extended.status == 0, "\(extended.errors)")
    #expect(
      extended.output.hasPrefix("added 1 picture; trained on 5 pictures and 3 generated ones in "),
      "\(extended.output)")
    #expect(extended.output.contains(": 512 patches, "))
    let description = try object("\(folder)/larger.model/model.json")
    #expect((description["generatedFiles"] as? [Any])?.count == 3)
  }

  @Test func plainFoldersAndSeveralOnesDo() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (made, plain, model) = ("\(folder.path)/made", "\(folder.path)/plain", "\(folder.path)/m.model")
      try make(["000.png"], of: product, in: made)
      try FileManager.default.createDirectory(atPath: plain, withIntermediateDirectories: true)
      try SmallPictures.picture(seed: 600, defective: false).writePNG(to: URL(fileURLWithPath: "\(plain)/x.png"))
      let outcome = try train(product, to: model, ["--generated", made, "--generated", plain, "--shots", "1"]).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("trained on 1 picture and 2 generated ones in "))
      #expect(outcome.output.contains("by a model of it and its generated pictures (low confidence)"))
      #expect(outcome.errors.contains("the parents of 1 generated picture is unknown: where real pictures"))
      let files = try #require(try object("\(model)/model.json")["generatedFiles"] as? [[String: Any]])
      #expect(files.map { $0["parents"] == nil } == [false, true])
    }
  }

  @Test func aChangedFileAndADescendantOfAHeldOutOneAreRefused() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (made, model) = ("\(folder.path)/made", "\(folder.path)/m.model")
      try make(["000.png", "001.png"], of: product, in: made)
      let list = (0..<4).map { "\(real("00\($0).png", of: product)),\($0 == 1 ? "validation" : "train")" }
      try Data((["path,split"] + list).joined(separator: "\n").utf8)
        .write(to: folder.appendingPathComponent("list.csv"))
      let held = try ProgramRun(
        "flawless",
        [
          "train", "--manifest", "\(folder.path)/list.csv", "--generated", made, "--weights", product.weights, "--size",
          "64", "--device", "cpu", "-o", model,
        ]
      ).wait()
      #expect(held.status == 1)
      #expect(
        held.errors.hasSuffix(
          "flawless: The generated picture \(made)/pictures/0002.png descends from \(real("001.png", of: product)), which "
            + "the threshold is to rest on; leave one of the two out, or train anew on both.\n"), "\(held.errors)")
      try FileManager.default.removeItem(atPath: "\(made)/pictures/0002.png")
      try FileManager.default.copyItem(
        atPath: "\(made)/pictures/0001.png", toPath: "\(made)/pictures/0002.png")
      let changed = try train(product, to: model, ["--generated", made]).wait()
      #expect(changed.status == 1)
      #expect(
        changed.errors.hasSuffix(
          "flawless: The generated pictures in \(made) cannot be used: pictures/0002.png is not the file that was accepted, "
            + "its hash is another; generate the pictures again.\n"), "\(changed.errors)")
      #expect(!FileManager.default.fileExists(atPath: model))
    }
  }

  /// A model may not be extended by a picture whose descendants it holds, nor tested on one without a warning.
  @Test func descendantsInAModelAreRemembered() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (made, model) = ("\(folder.path)/made", "\(folder.path)/m.model")
      try make(["003.png"], of: product, in: made)
      let outcome = try train(product, to: model, ["--generated", made, "--shots", "2"]).wait()
      try #require(outcome.status == 0, "\(outcome.errors)")
      let run = ["--weights", product.weights, "--device", "cpu"]
      let extended = try ProgramRun(
        "flawless", ["train", "--extend", model, "--data", product.root, "--category", SmallPictures.category] + run
      ).wait()
      #expect(extended.status == 1)
      #expect(
        extended.errors.contains("flawless: The generated picture \(made)/pictures/0001.png descends from "),
        "\(extended.errors)")
      let good = "\(folder.path)/good"
      try FileManager.default.createDirectory(atPath: good, withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: real("003.png", of: product), toPath: "\(good)/003.png")
      let evaluation = try ProgramRun(
        "flawless",
        [
          "evaluate", model, "--normal-test", good, "--abnormal",
          "\(product.root)/\(SmallPictures.category)/test/hole",
        ] + run
      ).wait()
      #expect(
        evaluation.errors.contains(
          "warning: the model was trained on 1 of the 3 test pictures (good/003.png), or on what was generated of them"),
        "\(evaluation.errors)")
    }
  }

  @Test func aTrainingGoesOnWithTheSameGeneratedPicturesOnly() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (made, other, model) = ("\(folder.path)/made", "\(folder.path)/other", "\(folder.path)/m.model")
      try make(["000.png"], of: product, in: made)
      try make(["000.png"], of: product, in: other, seed: 510)
      let steps = [
        "--detector", "reverse-distillation", "--steps", "6", "--batch", "2", "--checkpoint-steps", "1", "--tuning",
        "off",
      ]
      let stopped = try train(product, to: model, steps + ["--generated", made])
      let log = "\(model).training/model.jsonl"
      #expect(eventually { FileManager.default.contents(atPath: log).map { $0.contains(10) } ?? false })
      stopped.signal(SIGINT)
      #expect(stopped.wait().status == 130)
      for generated in [["--generated", other], []] {
        let refused = try train(product, to: model, steps + ["--resume"] + generated).wait()
        #expect(refused.status == 1)
        #expect(
          refused.errors.contains("the training there is of other pictures or settings"), "\(refused.errors)")
      }
      let resumed = try train(product, to: model, steps + ["--resume", "--generated", made]).wait()
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(resumed.output.hasPrefix("trained on 4 pictures and 1 generated one in "))
    }
  }
}
