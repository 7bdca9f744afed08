import Foundation
import TestSupport
import Testing

@Suite("flawless train")
struct TrainTests {
  private func train(
    _ product: SmallProduct, to output: String, _ extra: [String] = [], data: String? = nil
  ) throws -> ProgramRun {
    try ProgramRun(
      "flawless",
      [
        "train", "--data", data ?? product.root, "--category", SmallPictures.category, "--weights", product.weights,
        "--size", "64", "--device", "cpu", "-o", output,
      ] + extra)
  }

  @Test func itMakesAModelAndSaysSo() throws {
    let product = try SmallProduct.shared.get()
    let outcome = product.training
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("trained on 4 pictures in ") == true)
    #expect(lines.first?.hasSuffix("cross-fitted in 4 folds (low confidence)") == true)
    #expect(lines.last == "model: \(product.model)")
    #expect(outcome.errors.contains("features: 4/4"))
    let files = try FileManager.default.contentsOfDirectory(atPath: product.model).sorted()
    #expect(files == ["model.json", "split.json", "weights.safetensors"])
  }

  @Test func theJSONHasItsNames() throws {
    let data = try Data(contentsOf: SmallProduct.shared.get().folder.appendingPathComponent("train.json"))
    let json = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      json.keys.sorted() == [
        "backbone", "category", "detector", "device", "generated", "low_confidence", "memory_bank_rows", "model",
        "peak_memory_bytes", "pictures", "seconds", "seed", "shots", "threshold", "threshold_origin", "weights_sha256",
      ])
    #expect(json["pictures"] as? Int == 4 && json["generated"] as? Int == 0)
    #expect(json["memory_bank_rows"] as? Int == 4 * 8 * 8)
    #expect(json["shots"] is NSNull)
  }

  @Test func theLogHasALineForEachEvent() throws {
    let product = try SmallProduct.shared.get()
    let lines = try String(contentsOf: product.folder.appendingPathComponent("train.jsonl"), encoding: .utf8)
      .split(separator: "\n").map {
        try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
    #expect(lines.allSatisfy { ($0["time"] as? String)?.hasSuffix("Z") == true })
    #expect(lines.first?["event"] as? String == "start")
    #expect((lines.first?["arguments"] as? [String])?.first == "train")
    #expect(lines.contains { ($0["text"] as? String)?.hasPrefix("device: cpu") == true })
    #expect(lines.contains { $0["stage"] as? String == "features" && $0["done"] as? Int == 4 })
    #expect(lines.last?["event"] as? String == "end")
    #expect(lines.last?["status"] as? Int == 0)
  }

  @Test func sameSeedSameBitsAndAnOldModelIsReplaced() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("copy.model").path
      try FileManager.default.copyItem(atPath: product.model, toPath: path)
      try Data().write(to: folder.appendingPathComponent("copy.model/weights.safetensors"))
      #expect(try train(product, to: path, ["--threads", "1"]).wait().status == 0)
      for file in ["weights.safetensors"] {
        #expect(
          FileManager.default.contents(atPath: "\(path)/\(file)")
            == FileManager.default.contents(atPath: "\(product.model)/\(file)"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["copy.model"])
    }
  }

  @Test func ctrlCLeavesTheOldModelAsItWas() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("old.model").path
      try FileManager.default.copyItem(atPath: product.model, toPath: path)
      let before = FileManager.default.contents(atPath: "\(path)/model.json")
      let run = try train(product, to: path, ["--seed", "5"])
      #expect(eventually { run.errorsSoFar.contains("device: cpu") })
      run.signal(SIGINT)
      let outcome = run.wait()
      #expect(outcome.status == 130)
      #expect(outcome.output == "")
      #expect(outcome.errors.hasSuffix("flawless: Interrupted; nothing half-written was left behind.\n"))
      #expect(FileManager.default.contents(atPath: "\(path)/model.json") == before)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old.model"])
    }
  }

  @Test func aTruncatedPictureIsNamedAndNothingIsWritten() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      try SmallPictures.write(to: folder.path)
      let bad = "\(folder.path)/\(SmallPictures.category)/train/good/002.png"
      let whole = try #require(FileManager.default.contents(atPath: bad))
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: bad))
      let outcome = try train(product, to: "\(folder.path)/new.model", data: folder.path).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("flawless: The picture \(bad) cannot be read: "))
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/new.model"))
    }
  }

  @Test func aFolderWithoutPicturesIsNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let good = folder.appendingPathComponent("\(SmallPictures.category)/train/good")
      try FileManager.default.createDirectory(at: good, withIntermediateDirectories: true)
      let empty = try train(product, to: "\(folder.path)/new.model", data: folder.path).wait()
      #expect(empty.status == 1)
      #expect(empty.errors == "flawless: There is no PNG, JPEG, BMP, TIFF, WebP or PGM picture in \(good.path).\n")
      let missing = try train(product, to: "\(folder.path)/new.model", data: "\(folder.path)/none").wait()
      #expect(missing.status == 1)
      #expect(missing.errors == "flawless: There is no \(folder.path)/none; expected is the folder of a data set.\n")
    }
  }

  @Test func tooManyShotsAreRefused() throws {
    let product = try SmallProduct.shared.get()
    let outcome = try train(product, to: "\(product.root)/never.model", ["--shots", "5"]).wait()
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: 5 training pictures were asked for, but plate has 4.\n")
  }

  @Test func wrongWeightsAreNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let text = folder.appendingPathComponent("weights.pth")
      try Data("no weights at all".utf8).write(to: text)
      let outcome = try ProgramRun(
        "flawless",
        [
          "train", "--data", product.root, "--category", SmallPictures.category, "--weights", text.path, "--device",
          "cpu", "-o", "\(folder.path)/new.model",
        ]
      ).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("flawless: \(text.path) is damaged or of another kind"))
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/new.model"))
    }
  }

  @Test func withoutWeightsItSaysHowToGetThem() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let outcome = try flawless(
        "train", "--data", product.root, "--category", SmallPictures.category, "--device", "cpu", "-o",
        "\(folder.path)/new.model", environment: ["XDG_CACHE_HOME": folder.path])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("are not in \(folder.path)/flawless/weights; run Tools/demo once"))
    }
  }

  @Test(.enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
  func theCachesWeightsAreTheDefault() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let outcome = try flawless(
        "train", "--data", product.root, "--category", SmallPictures.category, "--shots", "1", "--size", "64",
        "--device", "cpu", "-o", "\(folder.path)/new.model", "--json", "-")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(json["weights_sha256"] as? String == "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db")
      #expect(json["low_confidence"] as? Bool == true)
    }
  }
}
