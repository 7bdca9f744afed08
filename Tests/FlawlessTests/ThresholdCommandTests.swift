import Foundation
import TestSupport
import Testing

@Suite("flawless threshold")
struct ThresholdCommandTests {
  /// A copy of the trained model that a test may change.
  private func withModel(_ body: (SmallProduct, String) throws -> Void) throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/copy.model"
      try FileManager.default.copyItem(atPath: product.model, toPath: path)
      try body(product, path)
    }
  }

  private func description(_ model: String) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: "\(model)/model.json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func threshold(_ model: String) throws -> [String: Any] {
    try #require(description(model)["threshold"] as? [String: Any])
  }

  @Test func itIsShownWithItsOrigin() throws {
    try withModel { _, model in
      let shown = try flawless("threshold", model)
      #expect(shown.status == 0)
      let values = #/threshold [0-9.]+ \(in the map [0-9.]+\) from /#
      #expect(shown.output.prefixMatch(of: values) != nil, "\(shown.output)")
      #expect(
        shown.output.hasSuffix(
          " from 4 normal training pictures, cross-fitted in 4 folds, at a false-alarm rate of 0.01 (low confidence)\n")
      )
      let json = try flawless("threshold", "show", model, "--json", "-").json()
      #expect(json["threshold"] as? Double == (try threshold(model)["score"] as? Double).map { Double(Float($0)) })
      #expect(json["held_out"] as? Int == 4 && json["low_confidence"] as? Bool == true)
    }
  }

  /// Quantiles of the stored scores: of four, half are above the median.
  @Test func aRateNeedsNoTraining() throws {
    try withModel { _, model in
      let weights = FileManager.default.contents(atPath: "\(model)/weights.safetensors")
      let heldOut = try #require(description(model)["heldOut"] as? [String: Any])
      let scores = try #require(heldOut["scores"] as? [[String: Double]])
      #expect(scores.count == 4)
      for (key, name) in [("picture", "score"), ("largestPixel", "pixel")] {
        let sorted = scores.compactMap { $0[key] }.sorted()
        #expect(try flawless("threshold", "rate", model, "0.5").status == 0)
        let found = try #require(threshold(model)[name] as? Double)
        let expected = (sorted[1] + sorted[2]) / 2
        #expect(abs(found - expected) <= 1e-6 * expected)
      }
      #expect(try threshold(model)["lowConfidence"] as? Bool == false)
      #expect(FileManager.default.contents(atPath: "\(model)/weights.safetensors") == weights)
      for rate in ["0", "1", "nan"] {
        let outcome = try flawless("threshold", "rate", model, rate)
        #expect(outcome.status == 1)
        #expect(outcome.errors == "flawless: The false-alarm rate must lie between 0 and 1.\n")
      }
    }
  }

  @Test func aModelWithoutScoresSaysSo() throws {
    try withModel { _, model in
      var old = try description(model)
      old["heldOut"] = nil
      try JSONSerialization.data(withJSONObject: old).write(to: URL(fileURLWithPath: "\(model)/model.json"))
      let outcome = try flawless("threshold", "rate", model, "0.1")
      #expect(outcome.status == 1)
      #expect(outcome.errors.hasSuffix("has not kept the scores that a rate needs; train it again.\n"))
      // Models of older programs are read all the same.
      #expect(try flawless("threshold", model).status == 0)
    }
  }

  /// The two defective pictures lie far above the good ones: F1 is 1, and the threshold lies between them.
  @Test func labelledPicturesOnRequest() throws {
    try withModel { product, model in
      func evaluate() throws -> [[Substring]] {
        try flawless(
          "evaluate", model, "--data", product.root, "--category", SmallPictures.category, "--weights",
          product.weights, "--device", "cpu", "--csv", "-", "--quiet"
        ).output.split(separator: "\n").dropFirst().map { $0.split(separator: ",") }
      }
      let scores = try evaluate().map { (label: $0[1], score: Float($0[2]) ?? .nan) }
      let good = scores.filter { $0.label == "good" }.map(\.score)
      let bad = scores.filter { $0.label != "good" }.map(\.score)
      let (largestGood, smallestBad) = (try #require(good.max()), try #require(bad.min()))
      try #require(largestGood < smallestBad)
      let before = try threshold(model)
      let outcome = try flawless(
        "threshold", "f1", model, "--data", product.root, "--category", SmallPictures.category, "--weights",
        product.weights, "--device", "cpu")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        outcome.output.contains("from the best F1, 1.0000, on 2 good and 2 defective test pictures of plate in "),
        "\(outcome.output)")
      let after = try threshold(model)
      let found = Float(try #require(after["score"] as? Double))
      #expect(abs(found - (largestGood + smallestBad) / 2) <= 1e-6 * smallestBad)
      #expect(after["pixel"] as? Double == before["pixel"] as? Double)
      #expect(after["falseAlarmRate"] == nil)
    }
  }

  @Test func valuesCanBeSet() throws {
    try withModel { _, model in
      let before = try threshold(model)
      let outcome = try flawless("threshold", "set", model, "--threshold", "3.25", "--minimum-area", "0.5%")
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix("threshold 3.25 (in the map "))
      #expect(outcome.output.hasSuffix("from the command line, for regions of at least 0.5%\n"))
      #expect(try threshold(model)["score"] as? Double == 3.25)
      #expect(try threshold(model)["minimumArea"] as? String == "0.5%")
      // A rate keeps the area; and only what is named is set.
      #expect(try flawless("threshold", "rate", model, "0.01").status == 0)
      #expect(try threshold(model)["minimumArea"] as? String == "0.5%")
      #expect(try flawless("threshold", "set", model, "--minimum-area", "none").status == 0)
      #expect(NSDictionary(dictionary: try threshold(model)) == NSDictionary(dictionary: before))
      #expect(try flawless("threshold", "set", model).status == 2)
    }
  }
}
