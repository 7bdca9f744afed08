import Datasets
import Foundation
import Images
import TestSupport
import Testing

@testable import SampleData

struct SampleDatasetTests {
  /// Small enough for a debug build: the same layout with fewer and smaller pictures.
  private static let plan = SamplePlan(size: 48, training: 2, good: 1, defective: 1)

  private static func dataset(seed: UInt64 = 3, threads: Int = 2, plan: SamplePlan = plan) -> SampleDataset {
    SampleDataset(seed: seed, plan: plan, threads: threads)
  }

  private static func files(in folder: URL) throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let pictures = names.filter { $0.hasSuffix(".png") }
    return try Dictionary(
      uniqueKeysWithValues: pictures.map { ($0, try Data(contentsOf: folder.appendingPathComponent($0))) })
  }

  @Test func standardPlanHasTheStatedCounts() {
    let pictures = SamplePlan().pictures
    #expect(SamplePlan().size == 512)
    #expect(pictures.count == 255)
    for product in Products.all {
      let own = pictures.filter { $0.path.hasPrefix("\(product.category)/") }
      #expect(own.filter { $0.path.contains("/train/good/") }.count == 40)
      #expect(own.filter { $0.path.contains("/test/good/") }.count == 15)
      #expect(product.kinds.count == 3)
      for kind in product.kinds { #expect(own.filter { $0.path.contains("/test/\(kind)/") }.count == 10) }
    }
    #expect(Set(pictures.map(\.path)).count == pictures.count)
    #expect(Set(pictures.map(\.number)).count == pictures.count)
  }

  @Test func theReaderOfMVTecFindsEveryPictureAndMask() throws {
    try withTemporaryFolder { folder in
      let target = folder.appendingPathComponent("data")
      try Self.dataset().write(to: target) { _, _ in }
      let reader = try Dataset(.mvtec, root: target.path)
      #expect(try reader.categories() == Products.all.map { $0.category }.sorted())
      for product in Products.all {
        let category = try reader.category(product.category)
        #expect(category.training.count == 2)
        #expect(category.test.map(\.label.name).sorted() == (["good"] + product.kinds).sorted())
        #expect(category.skipped.isEmpty)
        for sample in category.test {
          #expect(sample.masks.count == (sample.label.isDefective ? 1 : 0))
          let image = try Image(path: sample.path)
          #expect(image.width == 48 && image.height == 48 && image.channels == 3)
          guard sample.label.isDefective else { continue }
          let mask = try #require(try sample.mask(width: 48, height: 48))
          #expect(mask.width == 48 && mask.height == 48 && mask.defectivePixels > 0)
        }
      }
    }
  }

  @Test func sameSeedGivesTheSameBytesWithAnyNumberOfThreads() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, seed: UInt64, threads: Int) throws -> [String: Data] {
        let target = folder.appendingPathComponent(name)
        try Self.dataset(seed: seed, threads: threads).write(to: target) { _, _ in }
        return try Self.files(in: target)
      }
      let one = try write("one", seed: 3, threads: 1)
      let many = try write("many", seed: 3, threads: 5)
      let other = try write("other", seed: 4, threads: 5)
      #expect(one.count == 3 * (2 + 1 + 3 * 2))
      #expect(one == many)
      #expect(Set(one.keys) == Set(other.keys))
      #expect(one.filter { !$0.key.contains("mask") }.allSatisfy { other[$0.key] != $0.value })
    }
  }

  /// A picture depends on its own number alone, not on how many others there are.
  @Test func countsDoNotChangePictures() throws {
    let few = SamplePlan(size: 32, training: 1, good: 1, defective: 1)
    let many = SamplePlan(size: 32, training: 3, good: 2, defective: 2)
    let numbers = Dictionary(uniqueKeysWithValues: many.pictures.map { ($0.path, $0.number) })
    for picture in few.pictures { #expect(numbers[picture.path] == picture.number) }
  }

  /// Pixels of the standard seed, recorded once: another machine or compiler must give them too.
  @Test func pixelsAreThoseRecorded() throws {
    let plan = SamplePlan(size: 32, training: 1, good: 0, defective: 0)
    let sums = try plan.pictures.map { picture in
      try plan.specimen(picture, seed: 1).image.pixels.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
    #expect(sums == Self.recorded)
  }

  private static let recorded: [UInt32] = [3_269_699_890, 1_429_885_140, 1_842_115_283]

  @Test func stoppedWritingLeavesNothing() throws {
    struct Stop: Error {}
    try withTemporaryFolder { folder in
      let target = folder.appendingPathComponent("data")
      #expect(throws: Stop.self) {
        try Self.dataset().write(to: target) { done, total in
          #expect(done <= total)
          if done > 0 { throw Stop() }
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.isEmpty)
    }
  }

  @Test func progressEndsAtTheTotal() throws {
    try withTemporaryFolder { folder in
      var steps: [Int] = []
      try Self.dataset().write(to: folder.appendingPathComponent("data")) { done, total in
        #expect(total == 18)
        steps.append(done)
      }
      #expect(steps.first == 0 && steps.last == 18 && steps == steps.sorted())
    }
  }

  @Test func occupiedFolderIsRefusedAndKept() throws {
    try withTemporaryFolder { folder in
      let note = folder.appendingPathComponent("note.txt")
      try Data("mine".utf8).write(to: note)
      #expect(throws: SampleDataError.occupied(path: folder.path)) { try Self.dataset().write(to: folder) { _, _ in } }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["note.txt"])
    }
  }

  @Test func emptyFolderIsTaken() throws {
    try withTemporaryFolder { folder in
      try Self.dataset().write(to: folder.appendingPathComponent("")) { _, _ in }
      #expect(try Dataset(.mvtec, root: folder.path).categories().count == 3)
    }
  }

  @Test func unwritableTargetsAreNamed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data("x".utf8).write(to: file)
      #expect(throws: SampleDataError.unwritable(path: file.path, reason: "it is a file")) {
        try Self.dataset().write(to: file) { _, _ in }
      }
      #expect(throws: SampleDataError.self) {
        try Self.dataset().write(to: file.appendingPathComponent("data")) { _, _ in }
      }
    }
  }
}
