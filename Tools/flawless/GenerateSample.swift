import ArgumentParser
import Compute
import Detectors
import Devices
import Foundation
import Generation
import Generator
import Images
import Tensors
import ToolSupport

struct GenerateSample: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sample", abstract: "Draw pictures with a generator.")

  @Argument(help: ArgumentHelp("The generator's folder.", valueName: "GENERATOR"))
  var generator: String

  @OptionGroup(title: "Sampling") var sampling: SamplingOptions

  @Option var count = 32
  @Option var copies: Int?
  @Option var seed: UInt64 = 42
  @Option(name: [.short, .long]) var output: String
  @OptionGroup(title: "Run") var common: CommonOptions

  func run() throws {
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    let model = try GeneratorModel.load(generator, on: device)
    let files = model.description.trainingFiles.map(\.path)
    let copies = copies ?? ProductVariation.copies(originals: files.count)
    let originals = try Originals(
      files: files, copies: copies, augmentation: model.description.augmentation, seed: seed)
    let size = model.network.configuration.size
    let sampler = try VariationalSampler(
      model.network, sampling.configuration,
      originals: (0..<files.count).flatMap { shot in
        try (0..<copies).map { copy in
          try VariantMaker.input(originals.picture(shot: shot, copy: copy), size: size, on: device)
        }
      })
    let maker = VariantMaker(sampler, detail: sampling.detail)
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    progress.begin()
    for index in 0..<count {
      let place = index % (files.count * copies)
      let (shot, copy) = (place % files.count, place / files.count)
      let picture = try maker.variant(
        of: originals.picture(shot: shot, copy: copy), RandomKey(seed: seed, step: UInt32(index)))
      let image = try Image(
        width: picture.width, height: picture.height, channels: 3, pixels: picture.samples.map { UInt8($0.rounded()) })
      try image.writePNG(to: URL(fileURLWithPath: "\(output)/\(String(format: "%04d", index)).png"), level: 1)
      try progress.report("pictures", index + 1, of: count)
    }
    progress.clear()
  }
}
