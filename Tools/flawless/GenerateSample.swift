import Detectors
import ArgumentParser
import Checkpoints
import Compute
import Datasets
import Devices
import Foundation
import Generation
import Generator
import Integrator
import Prompts
import TextImage
import ToolSupport
import Words

struct GenerateSample: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Draw pictures with a generator, and keep those that fit.",
    discussion: """
      Variants are drawn around the pictures that the generator was trained on; of --data or --normal around those that it \
      was trained on, or all where there are none; with --shots around these. Each is taken in copies that the product \
      allows. Of these candidates those are kept that fit the product's best prompt and are as like \
      the real pictures as these are among themselves.

      The folder holds the kept pictures at the size of their originals ('pictures'), the others ('rejected'), manifest.json \
      with every candidate's scores and verdict, contact-sheet.png and index.html. With --data, measures compare the results with \
      normal pictures of the data set that nothing was made from.

      Examples:
        flawless generate sample nut.generator --count 40 -o nut-generated
        flawless generate sample nut.generator --count 40 \\
          --data mvtec --category metal_nut -o nut-generated
        flawless generate sample nut.generator --encoder none \\
          --temperature 0 -o nut-copies
      """)

  @Argument(help: ArgumentHelp("The generator's folder.", valueName: "GENERATOR"))
  var generator: String

  @OptionGroup(title: "Pictures") var pictures: ProductPictures
  @OptionGroup var options: GenerationOptions

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of results.", valueName: "DIR"))
  var output: String

  @Option(help: ArgumentHelp("Write what was generated as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  func run() throws {
    try OutputFile.check(json)
    try OutputFile.checkFolder(OutputFile.parent(of: output))
    try GenerationManifest.checkReplaceable(output)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    let model = try GeneratorModel.load(generator, on: device)
    let found = try pictures.load()
    let manifest = try options.generate(
      model, at: generator, shots: found.map { try shots($0.files, model.description) }, category: found?.category,
      to: output,
      on: device, progress)
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.write(manifest.json(), to: json) }
    if json != "-" { for line in GenerationOptions.lines(manifest, output) { try Output.line(line) } }
  }

  /// What variants are drawn around, of the named pictures: one generator may serve several products.
  private func shots(_ files: [String], _ description: GeneratorDescription) throws -> [String] {
    guard pictures.shots == nil else { return files }
    let paths = Dictionary(try files.map { (try SHA256.hash(fileAt: $0), $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    let known = description.trainingFiles.compactMap { file in
      seen.insert(file.sha256).inserted ? paths[file.sha256] : nil
    }
    return known.isEmpty ? files : known
  }
}
