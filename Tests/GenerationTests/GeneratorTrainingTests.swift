import Checkpoints
import Compute
import Detectors
import Foundation
import Generation
import Generator
import Images
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Training of a generator from files")
struct GeneratorTrainingTests {
  private func weights(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: GeneratorModel.weightsPath(path)))
  }

  @Test(arguments: TestDevice.all)
  func aGeneratorComesBackFromItsFolder(_ tested: TestDevice) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.generator"
      let outcome = try SmallGenerator.course(SmallGenerator.files(in: folder)).run(on: tested.device)
      try outcome.save(to: path)
      let loaded = try GeneratorModel.load(path, on: tested.device)
      #expect(loaded.description == outcome.model.description)
      #expect(loaded.description.trainingFiles.count == 3)
      var random = Reproducible(4)
      let x = try Tensor(random.floats(16 * 16 * 3), shape: [1, 16, 16, 3], on: tested.device)
      #expect(try loaded.network.reconstructed(x).values() == outcome.model.network.reconstructed(x).values())
      // An older one gives way, anything else does not.
      try outcome.save(to: path)
      #expect(throws: GeneratorError.self) { try outcome.save(to: folder.path) }
    }
  }

  /// Stopped after the second step by its own progress, then gone on with.
  @Test(arguments: TestDevice.all)
  func aStoppedTrainingEndsInTheSameBits(_ tested: TestDevice) throws {
    struct Stop: Error {}
    try withTemporaryFolder { folder in
      let files = try SmallGenerator.files(in: folder)
      var course = SmallGenerator.course(files)
      try course.run(on: tested.device).save(to: "\(folder.path)/whole")
      course.folder = folder.appendingPathComponent("parts.training")
      #expect(throws: Stop.self) { try course.run(on: tested.device) { if $0.report.step == 2 { throw Stop() } } }
      #expect(course.isUnfinished)
      course.resumes = true
      var steps: [Int] = []
      try course.run(on: tested.device) { steps.append($0.report.step) }.save(to: "\(folder.path)/parts")
      #expect(steps == [3, 4])
      #expect(try weights("\(folder.path)/whole") == weights("\(folder.path)/parts"))
      #expect(!course.isUnfinished)
      #expect(FileManager.default.fileExists(atPath: "\(folder.path)/parts/training.jsonl"))
    }
  }

  /// A checkpoint of another network, or of other pictures, is not gone on with.
  @Test func otherSettingsAreNotGoneOnWith() throws {
    struct Stop: Error {}
    let device = TestDevice.all[0].device
    try withTemporaryFolder { folder in
      var course = SmallGenerator.course(try SmallGenerator.files(in: folder))
      course.folder = folder.appendingPathComponent("a.training")
      #expect(throws: Stop.self) { try course.run(on: device) { _ in throw Stop() } }
      course.resumes = true
      for change: (inout GeneratorTraining) -> Void in [
        { $0.network.codes = 17 }, { $0.training.codebookWeight = 2 }, { $0.files.removeLast() },
        { $0.augmentation.degrees = 1 },
      ] {
        var other = course
        change(&other)
        #expect(throws: (any Error).self) { try other.run(on: device) }
      }
    }
  }

  @Test func trainingBeginsWithAnotherGenerator() throws {
    let device = TestDevice.all[0].device
    try withTemporaryFolder { folder in
      let first = "\(folder.path)/first"
      var course = SmallGenerator.course(try SmallGenerator.files(in: folder))
      try course.run(on: device).save(to: first)
      course.start = first
      (course.training.steps, course.training.averageDecay, course.training.baseRate) = (1, nil, 1e-9)
      // Its own sizes are taken, whatever is asked for.
      course.network.codes = 40
      let second = try course.run(on: device).model
      #expect(second.description.network.codes == 16)
      #expect(try second.description.start?.sha256 == SHA256.hash(fileAt: GeneratorModel.weightsPath(first)))
      let before = try GeneratorModel.load(first, on: device).network.lastWeight.storage.values()
      let after = try second.network.lastWeight.storage.values()
      #expect(zip(before, after).allSatisfy { abs($0 - $1) <= 1e-6 })
    }
  }

  @Test func damagedFoldersAreErrors() throws {
    let device = TestDevice.all[0].device
    try withTemporaryFolder { folder in
      #expect(throws: GeneratorError.self) { try GeneratorModel.load(folder.path, on: device) }
      let description = folder.appendingPathComponent("generator.json")
      for text in ["", "{}", "{\"format\": \"flawless-generator/9\"}", "{\"format\": \"flawless-generator/1\"}"] {
        try Data(text.utf8).write(to: description)
        #expect(throws: GeneratorError.self) { try GeneratorModel.load(folder.path, on: device) }
      }
    }
  }
}
