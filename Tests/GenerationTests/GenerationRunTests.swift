import Detectors
import Checkpoints
import Compute
import Datasets
import Foundation
import Generation
import Generator
import Images
import Integrator
import Prompts
import Tensors
import TestSupport
import Testing
import TextImage

/// A picture's mean colour as its vector, and every text's the same.
private struct ColourEncoder: DifferentiableTextImageEncoder {
  let name = "colour"
  let width = 3
  let pictureSize = 8

  private func unit(_ values: [Double]) -> [Float] {
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { Float($0 / length) }
  }
  func vectors(ofTexts texts: [String]) throws -> [[Float]] { texts.map { _ in unit([1, 2, 3]) } }
  func vectors(ofPictures pictures: [Image]) throws -> [[Float]] {
    pictures.map { picture in
      unit(
        (0..<3).map { channel in
          stride(from: channel, to: picture.pixels.count, by: 3).reduce(0.0) { $0 + Double(picture.pixels[$1]) }
        })
    }
  }
  func vectors(of pictures: Tensor) throws -> Tensor {
    try pictures.reshaped(to: [pictures.shape[0], 64, 3]).reduced(.mean, axis: 1).unitRows()
  }
}

@Suite("From a generator to a folder of pictures")
struct GenerationRunTests {
  private struct Stop: Error {}

  /// A trained generator in a folder, and its shots.
  private func withGenerator(
    on device: any Device, shots: Int = 2, _ body: (URL, GeneratorModel, String) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let files = Array(try SmallGenerator.files(in: folder).prefix(shots))
      let path = "\(folder.path)/a.generator"
      try SmallGenerator.course(files).run(on: device).save(to: path)
      try body(folder, GeneratorModel.load(path, on: device), path)
    }
  }

  private func settings(kept: Int, variants: Int = 2) -> GenerationSettings {
    var settings = GenerationSettings(kept: kept)
    (settings.copies, settings.calibrates, settings.sampling.temperature) = (2, false, 1)
    settings.integrator.variants = variants
    settings.integrator.selection.duplicateCosine = 2
    return settings
  }

  private func run(
    _ model: GeneratorModel, _ path: String, _ settings: GenerationSettings, encoder: Bool = false
  ) throws -> GenerationRun {
    try GenerationRun(
      model, path: path, backbone: FakeBackbone(on: model.network.lastWeight.device), settings: settings,
      prompts: encoder ? [Prompt("a plate")] : [], encoder: encoder ? ColourEncoder() : nil)
  }

  @Test(arguments: TestDevice.all)
  func theFolderHoldsWhatItsManifestSays(_ tested: TestDevice) throws {
    try withGenerator(on: tested.device) { folder, model, path in
      let output = "\(folder.path)/results"
      let made = try run(model, path, settings(kept: 3), encoder: true).run(to: output)
      let manifest = try GenerationManifest.read(output)
      #expect(manifest.pictures.count == 2 * 2 * 2 && manifest.isComplete && made.pictures.count == 8)
      #expect(manifest.accepted.count <= 3 && manifest.encoder == "colour" && manifest.prompt == "a plate")
      #expect(manifest.accepted.map(\.candidate.rank) == manifest.accepted.indices.map { $0 + 1 })
      for picture in manifest.pictures {
        #expect(try SHA256.hash(fileAt: "\(output)/\(picture.file)") == picture.sha256)
        let image = try Image(path: "\(output)/\(picture.file)")
        #expect(image.width == SmallPictures.width && image.height == SmallPictures.height)
        #expect(picture.accepted == (picture.candidate.reason == nil))
        #expect(picture.parents == [manifest.shots[picture.candidate.parent].sha256])
      }
      // What training reads is what was accepted.
      let read = try GeneratedPictures([output])
      #expect(Set(read.pictures.map(\.sha256)) == Set(manifest.accepted.map(\.sha256)))
      #expect(read.pictures.allSatisfy { $0.parents?.count == 1 } && read.rejected == 8 - manifest.accepted.count)
      for file in ["contact-sheet.png", "index.html"] {
        #expect(FileManager.default.fileExists(atPath: "\(output)/\(file)"))
      }
      #expect(!FileManager.default.fileExists(atPath: "\(output).generating"))
      #expect(manifest.quality != nil || manifest.accepted.isEmpty)
    }
  }

  @Test(arguments: TestDevice.all)
  func aStoppedRunGoesOnToTheSamePictures(_ tested: TestDevice) throws {
    try withGenerator(on: tested.device) { folder, model, path in
      let (whole, parts) = ("\(folder.path)/whole", "\(folder.path)/parts")
      let expected = try run(model, path, settings(kept: 4), encoder: true).run(to: whole)
      var interrupted = try run(model, path, settings(kept: 4), encoder: true)
      #expect(throws: Stop.self) {
        try interrupted.run(to: parts) { stage, done, _ in if stage == .candidates, done == 3 { throw Stop() } }
      }
      #expect(GenerationRun.isUnfinished(parts) && !FileManager.default.fileExists(atPath: parts))
      // What was cut off in the middle of a line, and a picture that is gone, are made anew.
      let work = GenerationRun.workFolder(parts)
      let list = work.appendingPathComponent("candidates.jsonl")
      try (Data(contentsOf: list) + Data("{\"file\": \"0-0000".utf8)).write(to: list)
      try FileManager.default.removeItem(at: work.appendingPathComponent("0-000001.png"))
      interrupted.resumes = true
      var first: Int?
      let found = try interrupted.run(to: parts) { stage, done, _ in
        if stage == .candidates, first == nil { first = done }
      }
      #expect(first == 2)
      #expect(found.pictures.map(\.sha256) == expected.pictures.map(\.sha256))
      #expect(found.pictures.map(\.accepted) == expected.pictures.map(\.accepted))
    }
  }

  @Test func anotherRunsCandidatesAreNotTaken() throws {
    let device = TestDevice.all[0].device
    try withGenerator(on: device) { folder, model, path in
      let output = "\(folder.path)/results"
      let first = try run(model, path, settings(kept: 4))
      #expect(throws: Stop.self) { try first.run(to: output) { _, _, _ in throw Stop() } }
      var other = try run(model, path, settings(kept: 4, variants: 3))
      other.resumes = true
      #expect(throws: GeneratorError.self) { try other.run(to: output) }
      // Without --resume it gives way.
      other.resumes = false
      #expect(try other.run(to: output).pictures.count == 12)
      // Something else is never replaced.
      #expect(throws: GeneratorError.self) { try other.run(to: folder.path) }
    }
  }

  /// One shot and its copies, without noise: classic augmentation.
  @Test(arguments: TestDevice.all)
  func withoutNoiseOrEncoderTheFirstCopiesAreKept(_ tested: TestDevice) throws {
    try withGenerator(on: tested.device, shots: 1) { folder, model, path in
      var calm = settings(kept: 3, variants: 1)
      (calm.sampling.temperature, calm.copies) = (0, 5)
      let output = "\(folder.path)/results"
      let generation = try run(model, path, calm)
      let manifest = try generation.run(to: output)
      #expect(
        manifest.accepted.map(\.candidate.copy) == [0, 1, 2] && manifest.encoder == nil && manifest.prompt == nil)
      for picture in manifest.accepted {
        let expected = try generation.originals.picture(picture.candidate.copy).samples.map { UInt8($0.rounded()) }
        #expect(try Image(path: "\(output)/\(picture.file)").pixels == expected)
      }
    }
  }

  @Test func aBudgetEndsTheMaking() throws {
    try withGenerator(on: TestDevice.all[0].device) { folder, model, path in
      var short = try run(model, path, settings(kept: 8))
      short.budget = .zero
      let manifest = try short.run(to: "\(folder.path)/results")
      #expect(!manifest.isComplete && manifest.pictures.count == 1)
    }
  }

  /// Each shot counts once, however many copies there are; of one shot its copies do.
  @Test func thresholdsAreThoseOfTheRealPictures() throws {
    for shots in [1, 2] {
      try withGenerator(on: TestDevice.all[0].device, shots: shots) { folder, model, path in
        var settings = settings(kept: 1)
        settings.copies = 4
        let generation = try run(model, path, settings, encoder: true)
        let aim = try #require(try generation.run(to: "\(folder.path)/results").aims.first)
        let real = try (0..<(shots == 1 ? 4 : 2)).map { number in
          let levels = try generation.originals.picture(number)
          return try Image(
            width: levels.width, height: levels.height, channels: 3,
            pixels: levels.samples.map { UInt8(min(max($0, 0), 255).rounded()) })
        }
        let expected = try SelectionThresholds(
          references: ColourEncoder().vectors(ofPictures: real), target: aim.target, settings.integrator.selection)
        #expect(aim.thresholds == expected)
      }
    }
  }

  @Test func changedShotsAreAnError() throws {
    let device = TestDevice.all[0].device
    try withGenerator(on: device) { folder, model, path in
      let shot = model.description.trainingFiles[0].path
      try SmallPictures.picture(seed: 99, defective: false).writePNG(to: URL(fileURLWithPath: shot))
      #expect(throws: GeneratorError.self) { try run(model, path, settings(kept: 1)) }
      try FileManager.default.removeItem(atPath: shot)
      #expect(throws: GeneratorError.self) { try run(model, path, settings(kept: 1)) }
    }
  }

  /// But for candidates near a threshold or rank, which are listed.
  @Test func everyDeviceAcceptsTheSame() throws {
    var found: [GenerationManifest] = []
    for tested in TestDevice.all {
      try withGenerator(on: TestDevice.all[0].device) { folder, model, path in
        let own = try GeneratorModel.load(path, on: tested.device)
        found.append(
          try run(own, path, settings(kept: 4, variants: 3), encoder: true).run(to: "\(folder.path)/results"))
      }
    }
    for other in found.dropFirst() {
      #expect(other.pictures.count == found[0].pictures.count)
      let close = Set(found[0].close + other.close)
      for index in other.pictures.indices where !close.contains(index) {
        #expect(other.pictures[index].accepted == found[0].pictures[index].accepted)
      }
    }
  }
}
