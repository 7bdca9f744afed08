import Datasets
import Detectors
import Experiments
import Foundation
import Images
import Metrics
import TestSupport
import Testing

@Suite("metrics.json")
struct MetricsFileTests {
  /// Pictures of 4 x 1 pixels: a good one, a logical anomaly that is found with one of its two pixels, and a structural
  /// one below its surroundings.
  private func pictures(in folder: URL) throws -> [InspectedPicture] {
    func picture(
      _ name: String, _ label: Label, _ map: [Float], score: Float, mask: [UInt8]? = nil
    ) throws -> InspectedPicture {
      let file = folder.appendingPathComponent("\(name)_mask.png")
      if let mask { try Image(width: 4, height: 1, channels: 1, pixels: mask).writePNG(to: file) }
      return InspectedPicture(
        sample: Sample(path: "\(name).png", label: label, masks: mask == nil ? [] : [file.path]), width: 4, height: 1,
        inspection: Inspection(
          score: score, reweightedScore: score, map: AnomalyMap(width: 4, height: 1, values: map)))
    }
    return [
      try picture("good", .good, [0, 1, 0, 0], score: 1),
      try picture("missing", .defective(kind: "logical_anomalies"), [9, 0, 2, 0], score: 9, mask: [255, 255, 0, 0]),
      try picture(
        "scratch", .defective(kind: "structural_anomalies"), [0, 3, 0, 0.5], score: 0.5, mask: [0, 0, 0, 240]),
    ]
  }

  private let table = DefectTable([
    .init(name: "missing", pixelValue: 255, saturation: 1, isRelative: false),
    .init(name: "scratch", pixelValue: 240, saturation: 1, isRelative: true),
  ])

  private func metrics(
    _ select: (InspectedPicture) -> Bool = { _ in true }, defects: DefectTable?, threshold: Float? = 0.7,
    size: EvaluationSize = .original
  ) throws -> CategoryMetrics {
    try withTemporaryFolder { folder in
      try Evaluation.metrics(
        pictures(in: folder).filter(select), size, threshold: threshold, defects: defects
      ).0
    }
  }

  @Test func logicalAndStructuralAnomaliesAreMeasuredApartWithAllGoodPictures() throws {
    let metrics = try metrics(defects: table)
    let expected: [String: Double] = [
      "image_auroc": 0.5, "image_auroc_logical": 1, "image_auroc_structural": 0, "image_auroc_split_mean": 0.5,
      // Nine normal pixels; three of them lie above the scratch. Of the seven of good and structural ones it is two.
      "au_spro_1": 0.5 * 3 / 9 + 6.0 / 9, "au_spro_1_logical": 1, "au_spro_1_structural": 5.0 / 7,
      "au_spro_1_split_mean": 6.0 / 7, "au_spro_005": 0.5, "au_spro_005_logical": 1, "au_spro_005_structural": 0,
      // One of two defects above the threshold, and the good picture.
      "image_balanced_accuracy": 0.25, "image_balanced_accuracy_logical": 0.5, "pixel_fpr95_structural": 2.0 / 7,
    ]
    for (key, value) in expected {
      let found = try #require(metrics[key].value, "\(key)")
      #expect(abs(found - value) <= 1e-12, "\(key) is \(found)")
    }
    #expect(metrics["image_f1_max_threshold_logical"] == .defined(9))
    #expect(metrics["image_f1_max_threshold_split_mean"].value == nil)
    let shown = ["image_auroc", "au_spro_005"].flatMap { name in
      ["", "_logical", "_structural", "_split_mean"].map { name + $0 }
    }
    #expect(metrics.shown.map(\.key) == shown)
  }

  @Test func aSplitAppearsWithItsKindAlone() throws {
    let metrics = try metrics({ $0.sample.label.name != "structural_anomalies" }, defects: table)
    #expect(metrics["image_auroc_logical"] == .defined(1))
    // The mean of one kind would be taken for that of both.
    #expect(!metrics.entries.contains { $0.key.hasSuffix("structural") || $0.key.hasSuffix("split_mean") })
  }

  @Test func withoutATableThereIsNoSaturation() throws {
    let keys = try metrics(defects: nil).entries.map(\.key)
    #expect(!keys.contains { $0.hasPrefix("au_spro") })
    #expect(keys.contains("aupro_split_mean"))
  }

  @Test func numbersOfPixelsFollowTheSizeOfComparison() throws {
    let half = DefectTable([
      .init(name: "missing", pixelValue: 255, saturation: 2, isRelative: false),
      .init(name: "scratch", pixelValue: 240, saturation: 1, isRelative: true),
    ])
    // A pixel of the picture is 16 of the square, so all 32 of the missing part have to be found, of which some lie at 0.
    // Two of the square's would be found before any false alarm.
    let metrics = try metrics(defects: half, size: .square(8))
    let found = try #require(metrics["au_spro_005_logical"].value)
    #expect(found < 1)
  }

  @Test func meansTellTheirCategoriesAndWhatTheyLack() throws {
    let (full, good) = (try metrics(defects: table), try metrics({ !$0.sample.label.isDefective }, defects: nil))
    let file = MetricsFile(
      categories: [("full", full), ("good", good)], detector: "patchcore", backbone: "b", weightsSHA256: "w",
      device: "d",
      shots: nil, generated: 3, seed: 1, seconds: Seconds(), peakMemoryBytes: 1)
    let object = try JSONSerialization.jsonObject(with: file.json()) as? [String: Any]
    #expect(object?["generated"] as? Int == 3)
    let mean = try #require(object?["mean"] as? [String: Any])
    #expect(mean["categories"] as? Int == 2)
    #expect(mean["image_auroc"] as? Double == 0.5)
    #expect(mean["image_auroc_left_out"] as? [String] == ["good"])
    #expect(mean["image_f1_max_threshold"] == nil)
    let categories = try #require(object?["categories"] as? [String: [String: Any]])
    #expect(categories["good"]?["image_auroc"] is NSNull)
    #expect(categories["good"]?["image_auroc_reason"] as? String == "there is no defective item")
    #expect(categories["full"]?["image_auroc_reason"] == nil)
    let leftOut = LeftOut.all(file.categories)
    #expect(leftOut.first?.key == "image_auroc")
    #expect(leftOut.first?.categories.map(\.name) == ["good"])
  }

  @Test func withoutAThresholdVerdictsHaveNoAccuracy() throws {
    let metrics = try metrics(defects: table, threshold: nil)
    #expect(metrics["image_balanced_accuracy"] == .undefined(reason: "there is no threshold"))
  }

  /// A normal pixel that scores above the defect spoils the figure, unless it lies where the model does not look.
  @Test func ignoredPixelsStayOutOfPixelMetrics() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("mask.png")
      try Image(width: 4, height: 1, channels: 1, pixels: [0, 0, 0, 255]).writePNG(to: file)
      func auroc(ignored: Mask?) throws -> Double? {
        let map = AnomalyMap(width: 4, height: 1, values: [9, 0, 1, 5], ignored: ignored)
        let picture = InspectedPicture(
          sample: Sample(path: "a.png", label: .defective(kind: "crack"), masks: [file.path]), width: 4, height: 1,
          inspection: Inspection(score: 9, reweightedScore: 9, map: map))
        return try Evaluation.metrics([picture], .original, threshold: nil).0.pixelAUROC.value
      }
      #expect(try auroc(ignored: nil) == 2.0 / 3)
      // The ignored pixel's map is 0, which would still count as a normal one found: two of two are left.
      #expect(try auroc(ignored: Mask(width: 4, height: 1, values: [1, 0, 0, 0])) == 1)
      // Nothing defective is left.
      #expect(try auroc(ignored: Mask(width: 4, height: 1, values: [0, 0, 0, 1])) == nil)
    }
  }
}
