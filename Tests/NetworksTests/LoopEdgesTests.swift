import Compute
import ComputeCPU
import ComputeOpenCL
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("What can go wrong around a training")
struct LoopEdgesTests {
  private static func limitedDevices(_ limit: Int) -> [any Device] {
    let openCL = (try? OpenCL.devices().first).flatMap { try? OpenCLDevice($0, memoryLimit: limit) }
    return [CPUDevice(memoryLimit: limit)] + (openCL.map { [$0] } ?? [])
  }

  /// The batch that the error names fits, and one of twice that size does not.
  @Test(arguments: [0, 1]) func memoryThatRunsOutNamesABatchThatFits(_ index: Int) throws {
    let limit = 6 << 20
    func run(batch: Int) throws {
      let devices = Self.limitedDevices(limit)
      guard index < devices.count else { return }
      try withTemporaryFolder { folder in
        let training = try LoopedTraining(devices[index], in: folder, batch: batch, side: 31) {
          ($0.averageDecay, $0.validationSteps) = (nil, nil)
        }
        let before = try training.trainer.builder.parameters.map { try $0.storage.values() }
        do { try training.loop.run(losses: training.losses) } catch {
          #expect(try training.trainer.builder.parameters.map { try $0.storage.values() } == before)
          throw error
        }
      }
    }
    guard index < Self.limitedDevices(limit).count else { return }
    let error = #expect(throws: TrainingError.self) { try run(batch: 64) }
    guard case .outOfMemory(0, 64, let fitting) = error, fitting > 0 else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(try #require(error))".hasSuffix("a batch of \(fitting) would fit."))
    try run(batch: fitting)
    // Buffers that trials reuse may be larger than fresh ones, so somewhat more might fit, but not twice as much.
    #expect(throws: TrainingError.self) { try run(batch: 2 * fitting) }
  }

  @Test func checkpointsOfAnotherCourseAreRefused() throws {
    try withTemporaryFolder { folder in
      let device = TestDevice.all[0].device
      try LoopedTraining(device, in: folder).run()
      let error = #expect(throws: TrainingError.self) {
        try LoopedTraining(device, in: folder) { $0.averageDecay = 0.25 }.run(resuming: true)
      }
      #expect("\(try #require(error))".contains("another validation"))
      let bare = try LoopedTraining(device, in: folder)
      try bare.trainer.save(to: bare.checkpoint)
      #expect(throws: TrainingError.self) { try LoopedTraining(device, in: folder).run(resuming: true) }
    }
  }

  /// Without `resuming` an old checkpoint and log count for nothing.
  @Test func aTrainingThatStartsAnewReplacesWhatIsThere() throws {
    try withTemporaryFolder { folder in
      let device = TestDevice.all[0].device
      let first = try LoopedTraining(device, in: folder)
      try first.run()
      let second = try LoopedTraining(device, in: folder)
      try second.run()
      #expect(try second.logged().count == LoopedTraining.steps)
      #expect(try second.values() == first.values())
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.sorted() == ["checkpoint.safetensors", "curve.svg", "log.jsonl"])
    }
  }

  @Test func settingsAreChecked() throws {
    let file = URL(fileURLWithPath: "/nowhere/curve.png")
    for settings in [
      LoopSettings(checkpoint: file, checkpointSteps: 0), LoopSettings(checkpoint: file, checkpointMinutes: 0),
      LoopSettings(checkpointSteps: 5), LoopSettings(curve: file), LoopSettings(validationSteps: 0),
      LoopSettings(validationSteps: 1, patience: 0), LoopSettings(patience: 3), LoopSettings(averageDecay: 1),
    ] { #expect(throws: TrainingError.self) { try settings.validate() } }
    let settings = LoopSettings(checkpoint: file, checkpointSteps: 5, validationSteps: 2, patience: 3)
    try settings.validate()
    #expect(try JSONDecoder().decode(LoopSettings.self, from: JSONEncoder().encode(settings)) == settings)
    try withTemporaryFolder { folder in
      let training = try LoopedTraining(TestDevice.all[0].device, in: folder)
      #expect(throws: TrainingError.self) { try training.loop.run(losses: training.losses) }
    }
  }

  @Test func splitsKeepSomethingOnBothSides() {
    for (examples, fraction, held) in [(10, 0.2, 2), (10, 0, 0), (10, 0.01, 1), (1, 0.5, 0), (3, 1, 2), (0, 0.5, 0)] {
      let split = ExampleSplit(examples: examples, fraction: fraction, seed: 3)
      #expect(split.validation.count == held)
      #expect((split.training + split.validation).sorted() == Array(0..<examples))
    }
    let split = ExampleSplit(examples: 100, fraction: 0.5, seed: 3)
    #expect(split == ExampleSplit(examples: 100, fraction: 0.5, seed: 3))
    #expect(split != ExampleSplit(examples: 100, fraction: 0.5, seed: 4))
  }

  @Test func theCurveShowsEveryLoss() throws {
    try withTemporaryFolder { folder in
      let training = try LoopedTraining(TestDevice.all[0].device, in: folder)
      try training.run()
      let svg = try String(contentsOf: training.curve, encoding: .utf8)
      for name in ["cross-entropy", "half", "validation: held out"] { #expect(svg.contains(name)) }
      #expect(svg.components(separatedBy: "<polyline").count == 4)
      #expect(svg.components(separatedBy: "<circle").count == 6)
      #expect(!svg.contains("nan") && !svg.contains("inf"))
      #expect(XMLParser(data: Data(svg.utf8)).parse())
    }
  }
}
