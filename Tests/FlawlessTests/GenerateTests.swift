import Foundation
import Images
import TestSupport
import Testing

@Suite("flawless generate", .enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
struct GenerateTests {
  private static func training(_ product: SmallProduct, steps: Int = 3) -> [String] {
    [
      "--data", product.root, "--category", SmallPictures.category, "--shots", "2", "--size", "32", "--steps",
      "\(steps)",
      "--batch", "2", "--perceptual", "none", "--device", "cpu", "--tuning", "off",
    ]
  }

  private static let sampling = [
    "--count", "3", "--copies", "2", "--variants", "2", "--temperature", "1", "--encoder", "none",
  ]

  private func object(_ file: String) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: file), "\(file)")
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func pictures(_ folder: String) throws -> [String] {
    try #require(try object("\(folder)/manifest.json")["pictures"] as? [[String: Any]]).compactMap {
      $0["sha256"] as? String
    }
  }

  /// Both at once gives what its parts give, and a detector takes it.
  @Test func picturesComeFromAFewAndGoIntoADetector() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = folder.path
      let whole = try ProgramRun(
        "flawless", ["generate", "-o", "\(path)/whole"] + Self.training(product) + Self.sampling
      ).wait()
      try #require(whole.status == 0, "\(whole.errors)")
      #expect(whole.output.hasPrefix("kept 3 of 8 candidates in "), "\(whole.output)")
      #expect(whole.output.contains("coverage of held-out patches: "))
      let trained = try ProgramRun(
        "flawless",
        ["generate", "train", "-o", "\(path)/a.generator", "--seed", "42", "--json", "\(path)/train.json"]
          + Self.training(product)
      ).wait()
      try #require(trained.status == 0, "\(trained.errors)")
      let summary = try object("\(path)/train.json")
      #expect(summary["pictures"] as? Int == 2 && summary["steps"] as? Int == 3)
      let sampled = try ProgramRun(
        "flawless",
        ["generate", "sample", "\(path)/a.generator", "-o", "\(path)/parts", "--device", "cpu", "--tuning", "off"]
          + Self.sampling
      ).wait()
      try #require(sampled.status == 0, "\(sampled.errors)")
      #expect(try pictures("\(path)/whole") == pictures("\(path)/parts"))
      let first = try Image(path: "\(path)/whole/pictures/0-000000.png")
      #expect(first.width == SmallPictures.width && first.height == SmallPictures.height)
      let detector = try flawless(
        "train", "--data", product.root, "--category", SmallPictures.category, "--shots", "2", "--weights",
        product.weights, "--size", "64", "--device", "cpu", "--generated", "\(path)/whole", "-o", "\(path)/m.model")
      #expect(detector.status == 0 && detector.output.hasPrefix("trained on 2 pictures and 3 generated ones in "))
    }
  }

  /// ConSE names objects and sees little of their state, so the best are those that are the most like the real pictures.
  @Test(.enabled(if: RealWeights.conseIsThere, "weights: \(RealWeights.conseReason)"), arguments: [nil, "text"])
  func theBestAreFoundByPicturesUnlessByTheText(_ ranking: String?) throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let output = "\(folder.path)/results"
      let arguments = ["--count", "2", "--copies", "2", "--variants", "1", "--prompt", "a metal plate", "-o", output]
      let outcome = try ProgramRun(
        "flawless",
        ["generate"] + Self.training(product, steps: 1) + arguments + (ranking.map { ["--ranking", $0] } ?? [])
      ).wait()
      try #require(outcome.status == 0, "\(outcome.errors)")
      let entries = try #require(try object("\(output)/manifest.json")["pictures"] as? [[String: Any]])
      let candidates = entries.compactMap { $0["candidate"] as? [String: Any] }
      func score(_ candidate: [String: Any]) -> Double {
        candidate[ranking == nil ? "pictureSimilarity" : "textSimilarity"] as? Double ?? .nan
      }
      let first = try #require(
        candidates.first { (($0["verdict"] as? [String: Any])?["accepted"] as? [String: Int])?["rank"] == 1 })
      #expect(candidates.count == 4 && candidates.allSatisfy { score($0) <= score(first) })
      #expect(Set(candidates.map(score)).count == 4)
    }
  }

  @Test func aKilledRunGoesOnToTheSamePictures() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (whole, parts) = ("\(folder.path)/whole", "\(folder.path)/parts")
      let arguments = Self.training(product) + Self.sampling
      try #require(try ProgramRun("flawless", ["generate", "-o", whole] + arguments).wait().status == 0)
      let killed = try ProgramRun("flawless", ["generate", "-o", parts] + arguments)
      let list = "\(parts).generating/candidates.jsonl"
      #expect(eventually { (FileManager.default.contents(atPath: list)?.count ?? 0) > 0 })
      killed.signal(SIGKILL)
      #expect(killed.wait().status == -SIGKILL)
      #expect(!FileManager.default.fileExists(atPath: parts))
      let resumed = try ProgramRun("flawless", ["generate", "-o", parts, "--resume"] + arguments).wait()
      try #require(resumed.status == 0, "\(resumed.errors)")
      #expect(!resumed.errors.contains("training:"))
      #expect(try pictures(whole) == pictures(parts))
      #expect(!FileManager.default.fileExists(atPath: "\(parts).generating"))
    }
  }

  @Test func severalCategoriesAreTrainedOnTogether() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let root = folder.appendingPathComponent("plant")
      try SmallPictures.write(to: root.path)
      try FileManager.default.copyItem(
        at: root.appendingPathComponent(SmallPictures.category), to: root.appendingPathComponent("other"))
      let outcome = try flawless(
        "generate", "train", "--data", root.path, "--all-categories", "--shots", "2", "--size", "32", "--steps", "1",
        "--batch", "2", "--perceptual", "none", "--device", "cpu", "-o", "\(folder.path)/plant.generator")
      try #require(outcome.status == 0, "\(outcome.errors)")
      let description = try object("\(folder.path)/plant.generator/generator.json")
      #expect(description["categories"] as? [String] == ["other", "plate"])
      #expect((description["trainingFiles"] as? [Any])?.count == 4)
      // It serves each of them, around what it was trained on, wherever that lies now.
      let sampled = try ProgramRun(
        "flawless",
        [
          "generate", "sample", "\(folder.path)/plant.generator", "--data", product.root, "--category",
          SmallPictures.category, "--device", "cpu", "-o", "\(folder.path)/results",
        ] + Self.sampling
      ).wait()
      try #require(sampled.status == 0, "\(sampled.errors)")
      let shots = try #require(try object("\(folder.path)/results/manifest.json")["shots"] as? [[String: Any]])
      let expected = ["000.png", "001.png"].map { "\(product.root)/\(SmallPictures.category)/train/good/\($0)" }
      #expect(shots.compactMap { $0["path"] as? String } == expected)
    }
  }
}

@Suite("flawless compare")
struct CompareTests {
  @Test func aModelEqualsItself() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (json, csv) = ("\(folder.path)/c.json", "\(folder.path)/c.csv")
      let outcome = try flawless(
        "compare", product.model, product.model, "--data", product.root, "--category", SmallPictures.category,
        "--weights", product.weights, "--draws", "50", "--device", "cpu", "--json", json, "--csv", csv)
      try #require(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.contains("+0.0000 … +0.0000"), "\(outcome.output)")
      let data = try #require(FileManager.default.contents(atPath: json))
      let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      let models = try #require(object["models"] as? [[String: Any]])
      #expect(object["draws"] as? Int == 50 && models.count == 2)
      let difference = try #require(models[1]["image_auroc_difference"] as? [String: Double])
      #expect(difference == ["value": 0, "low": 0, "high": 0])
      // Of two models two figures, each of the pictures as they are and of 50 draws.
      let lines = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 1 + 2 * 2 * 51)
    }
  }
}
