import Datasets
import Foundation
import Images
import TestSupport
import Testing

/// The real pictures' counts, as the list of what was put there says.
@Suite("Real data sets", .enabled(if: DevelopmentData.isThere, "\(DevelopmentData.reason)"))
struct DevelopmentDataTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let folder, category: String
    let kind: DatasetKind
    let training, validation, good, defective, kinds: Int
    var testDescription: String { "\(folder)/\(category)" }
  }

  private static let rows = [
    Row(
      folder: "mvtec", category: "bottle", kind: .mvtec, training: 209, validation: 0, good: 20, defective: 63,
      kinds: 3),
    Row(
      folder: "mvtec_full_resolution", category: "bottle", kind: .mvtec, training: 4, validation: 0, good: 2,
      defective: 6, kinds: 3),
    Row(
      folder: "mvtec_mini", category: "hazelnut", kind: .mvtec, training: 50, validation: 0, good: 2, defective: 8,
      kinds: 4),
    Row(
      folder: "mvtec_mini", category: "transistor", kind: .mvtec, training: 50, validation: 0, good: 2, defective: 8,
      kinds: 4),
    Row(
      folder: "loco_subset", category: "juice_bottle", kind: .loco, training: 110, validation: 20, good: 40,
      defective: 48, kinds: 1),
    Row(
      folder: "open_licence", category: "aws_cookie", kind: .mvtec, training: 31, validation: 0, good: 14,
      defective: 32, kinds: 1),
    Row(
      folder: "open_licence", category: "hazelnut_toy", kind: .mvtec, training: 28, validation: 0, good: 6,
      defective: 17, kinds: 1),
  ]

  @Test(arguments: rows)
  func theCountsAreThoseOfTheList(_ row: Row) throws {
    let root = try #require(DevelopmentData.folder).appendingPathComponent(row.folder).path
    let dataset = try Dataset(root: root)
    #expect(dataset.kind == row.kind)
    #expect(try dataset.categories().contains(row.category))
    let category = try dataset.category(row.category)
    #expect(category.training.count == row.training)
    #expect(category.validation.count == row.validation)
    #expect(category.testCounts.first?.count == row.good)
    #expect(category.test.count == row.good + row.defective)
    #expect(category.testCounts.count == row.kinds + 1)
    // Every defective picture has its mask, and every file is accounted for.
    #expect(category.test.allSatisfy { $0.masks.count == ($0.label.isDefective ? 1 : 0) })
    #expect(category.skipped.allSatisfy { $0.path.hasSuffix(".txt") }, "\(category.skipped)")
  }

  @Test func realChannelsSelectTheirEntry() throws {
    let root = try #require(DevelopmentData.folder).appendingPathComponent("loco_subset").path
    let category = try Dataset(root: root).category()
    let table = try #require(category.defects)
    #expect(table.entries.count == 18)
    let sample = try #require(category.test.first { $0.label.isDefective })
    let channels = try sample.channels(table, width: 256, height: 512)
    // These masks were merged: all have the first entry's value.
    #expect(channels.map(\.defect.name) == ["missing_top_label"])
    #expect(channels[0].mask == (try sample.mask(width: 256, height: 512)))
  }
}
