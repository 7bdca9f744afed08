import Foundation
import TestSupport
import Testing

@Suite("flawless evaluate")
struct EvaluateTests {
  private func evaluate(_ product: SmallProduct, _ extra: [String], data: String? = nil) throws -> ProgramRun.Outcome {
    try ProgramRun(
      "flawless",
      [
        "evaluate", product.model, "--data", data ?? product.root, "--category", SmallPictures.category, "--weights",
        product.weights, "--device", "cpu",
      ] + extra
    ).wait()
  }

  @Test func itWritesMetricsScoresAndOnePage() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (csv, report) = ("\(folder.path)/scores.csv", "\(folder.path)/deep/report")
      let outcome = try evaluate(product, ["--json", "-", "--csv", csv, "--report", report])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let json = try outcome.json()
      #expect(
        json.keys.sorted() == [
          "backbone", "categories", "detector", "device", "generated", "mean", "peak_memory_bytes", "seconds", "seed",
          "shots", "weights_sha256",
        ])
      #expect(json["generated"] as? Int == 0)
      let metrics = try #require((json["categories"] as? [String: [String: Any]])?[SmallPictures.category])
      let names = [
        "aupro", "aupro_005", "image_ap", "image_auroc", "image_auroc_reweighted", "image_balanced_accuracy",
        "image_f1_max", "image_f1_max_threshold", "image_fpr95", "image_fpr99", "pixel_ap", "pixel_auroc",
        "pixel_f1_max", "pixel_f1_max_threshold", "pixel_fpr95", "pixel_fpr99", "pixel_iou_max",
      ]
      #expect(metrics.keys.sorted() == names)
      // Thresholds have no mean.
      let means = (names.filter { !$0.hasSuffix("_threshold") } + ["categories"]).sorted()
      #expect((json["mean"] as? [String: Any])?.keys.sorted() == means)
      #expect((json["seconds"] as? [String: Any])?.keys.sorted() == ["decode", "features", "fit", "score", "total"])
      // Even a random network sees a black hole in grey stripes.
      #expect(metrics["image_auroc"] as? Double == 1)
      let lines = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      #expect(lines.count == 5)
      #expect(lines[0] == "path,label,score,score_reweighted")
      try checkPage("\(report)/report.html")
    }
  }

  private func checkPage(_ path: String) throws {
    let page = try String(contentsOfFile: path, encoding: .utf8)
    // Nothing is loaded from elsewhere.
    #expect(page.matches(of: #/(?:src|href)="([^"]*)"/#).allSatisfy { $0.1.hasPrefix("data:") || $0.1.hasPrefix("#") })
    #expect(!page.contains("<script") && !page.contains("@import") && !page.contains("url("))
    // Four pictures with their maps, and the two masks.
    #expect(page.matches(of: #/<img /#).count == 10)
    #expect(page.contains("2 of 2 defective pictures found"))
  }

  @Test func theTableIsOnStandardOutput() throws {
    let outcome = try evaluate(SmallProduct.shared.get(), ["--evaluate-size", "32"])
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].hasPrefix("category  image AUROC  re-weighted"))
    #expect(lines[1].hasPrefix("plate          1.0000"))
  }

  @Test func aMaskOfAnotherSizeIsNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      try SmallPictures.write(to: folder.path, maskSize: (31, 44))
      let json = "\(folder.path)/metrics.json"
      let outcome = try evaluate(product, ["--json", json, "--report", folder.path], data: folder.path)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.hasSuffix(
          "ground_truth/hole/000_mask.png is 31 x 44 pixels, but its picture is 60 x 44.\n"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: json))
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/report.html"))
    }
  }

  @Test func anotherNetworksWeightsAreRefused() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      // One bit of one weight: the right shapes, but another network.
      var data = try Data(contentsOf: URL(fileURLWithPath: product.weights))
      data[data.count - 1] ^= 1
      let other = folder.appendingPathComponent("other.safetensors")
      try data.write(to: other)
      let outcome = try ProgramRun(
        "flawless",
        [
          "evaluate", product.model, "--data", product.root, "--category", SmallPictures.category, "--weights",
          other.path, "--device", "cpu",
        ]
      ).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("flawless: The model was trained with the backbone weights "))
    }
  }

  @Test func aDamagedModelIsNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let outcome = try ProgramRun(
        "flawless",
        [
          "evaluate", folder.path, "--data", product.root, "--category", SmallPictures.category, "--device", "cpu",
        ]
      ).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("The model \(folder.path) cannot be used: there is no model.json in it."))
    }
  }
}
