import Backbones
import Compute
import Datasets
import Detectors
import Experiments
import Foundation
import Metrics
import TestSupport
import Testing

/// Training and evaluation on real pictures against PatchCore made with PyTorch (`make_patchcore_fixtures.py`).
@Suite(
  "PyTorch's results on real pictures", .serialized,
  .enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"),
  .enabled(if: DevelopmentData.isThere, "\(DevelopmentData.reason)"))
struct ReferenceResultsTests {
  #if DEBUG
    private static let rows = ReferenceRow.all.filter { $0.category == "mvtec_mini/transistor" && $0.shots == 1 }
  #else
    private static let rows = ReferenceRow.all
  #endif

  /// Of a metric: what another resampling, decoder or order of summation may change.
  private let metricLimit = 0.01
  /// Of a picture's score; 8e-7 was measured on the CPU path. Where rounding decides a near tie between two rows of the
  /// training pictures another one is kept, which changes the scores of pictures that are nearest to it.
  private let scoreLimit = 1e-4
  /// Of at least half of the scores: these have the same nearest row. 1.5e-7 was measured.
  private let typicalLimit = 2e-6
  private let limitBetweenDevices = 1e-3

  @Test(arguments: rows)
  func scoresAndMetricsEqualTheReference(_ row: ReferenceRow) throws {
    let category = try row.loadCategory()
    var scoresOfFirst: [Float] = []
    for tested in TestDevice.oneOfEachKind {
      let evaluation = try Self.evaluate(category, shots: row.shots, on: tested.device)
      let image = try #require(evaluation.metrics.imageAUROC.value)
      let pixel = try #require(evaluation.metrics.pixelAUROC.value)
      // Few pictures move the AUROC in steps of one pair.
      let imageLimit = max(metricLimit, row.onePair)
      #expect(abs(image - row.imageAUROC) <= imageLimit + 1e-6, "\(tested.name)")
      #expect(abs(pixel - row.pixelAUROC) <= metricLimit, "\(tested.name)")
      #expect(evaluation.pictures.count == row.scores.count)
      let differences = try evaluation.pictures.map { picture in
        let expected = try #require(row.scores[picture.sample.name], "\(picture.sample.name)")
        return abs(Double(picture.inspection.score) / expected - 1)
      }.sorted()
      let (largest, typical) = (try #require(differences.last), differences[differences.count / 2])
      #expect(largest <= scoreLimit, "\(tested.name): a score differs by \(largest) of itself")
      #expect(typical <= typicalLimit, "\(tested.name): half of the scores differ by \(typical) of themselves or more")

      let scores = evaluation.pictures.map(\.inspection.score)
      if scoresOfFirst.isEmpty { scoresOfFirst = scores }
      for (found, first) in zip(scores, scoresOfFirst) {
        #expect(abs(Double(found) / Double(first) - 1) <= limitBetweenDevices, "\(tested.name)")
      }
    }
  }

  private static func evaluate(_ category: Datasets.Category, shots: Int, on device: any Device) throws -> Evaluation {
    var configuration = PatchCoreConfiguration()
    configuration.size = 256
    configuration.coresetMinimum = 0
    let training = Training(
      configuration: configuration, files: try category.shots(shots), shots: shots, programVersion: "tests")
    let model = try training.run(LoadedBackbone(.efficientNetLite0, on: device)).model
    return try Evaluation(model.detector, category, size: .square(256))
  }
}

/// Without its rows the comparison would pass without a test.
@Test func theReferenceHasItsRows() {
  #expect(ReferenceRow.all.count == 10)
  #expect(ReferenceRow.all.contains { $0.category == "mvtec_mini/transistor" && $0.shots == 1 })
}

/// One row of `patchcore-scores.json`: a category and a number of training pictures.
struct ReferenceRow: Sendable, CustomTestStringConvertible {
  /// Folder below the development data.
  let category: String
  let shots: Int
  let imageAUROC: Double
  let pixelAUROC: Double
  /// What one pair of a good and a defective picture counts in the image AUROC.
  let onePair: Double
  /// By kind and file name.
  let scores: [String: Double]
  var testDescription: String { "\(category), \(shots)" }

  /// The rows of 1 and 4 pictures.
  static let all: [ReferenceRow] = {
    struct File: Decodable { let categories: [String: [String: Row]] }
    struct Row: Decodable {
      let good, defective: Int
      let image_auroc, pixel_auroc: Double
      let scores: [String: Double]
    }
    guard let data = FileManager.default.contents(atPath: Fixtures.path("patchcore-scores.json")),
      let file = try? JSONDecoder().decode(File.self, from: data)
    else { return [] }
    return file.categories.flatMap { category, rows in
      rows.compactMap { shots, row in
        Int(shots).map {
          ReferenceRow(
            category: category, shots: $0, imageAUROC: row.image_auroc, pixelAUROC: row.pixel_auroc,
            onePair: 1 / Double(row.good * row.defective), scores: row.scores)
        }
      }
    }.sorted { ($0.category, $0.shots) < ($1.category, $1.shots) }
  }()

  func loadCategory() throws -> Datasets.Category {
    let folder = try #require(DevelopmentData.folder).appendingPathComponent(category)
    return try Dataset(.mvtec, root: folder.deletingLastPathComponent().path).category(folder.lastPathComponent)
  }
}
