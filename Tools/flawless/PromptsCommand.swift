public import ArgumentParser
import Checkpoints
import Compute
import Datasets
import Devices
import Foundation
import Images
import Prompts
public import TextImage
import ToolSupport
import Words

extension CLIPActivation: ExpressibleByArgument {}

/// What compares prompts with pictures.
enum PromptEncoder: String, CaseIterable, ExpressibleByArgument {
  case conse, clip, none

  /// nil for none.
  var kind: TextImageEncoderKind? { TextImageEncoderKind(rawValue: rawValue) }

  /// What tells senses apart: MiniLM reads glosses better than CLIP, where it is there.
  static func senses(orElse encoder: any TextEncoder, on device: any Device) throws -> any TextEncoder {
    (try? WeightsCache.standard.locate(.miniLM)) == nil ? encoder : try MiniLM(on: device)
  }
}

struct PromptsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompts",
    abstract: "Make prompts of a product's name, and rank them by its pictures.",
    discussion: """
      Words that WordNet relates to the keyword become prompts, as 'a metal nut with wing nut'. Which sense of a word is \
      meant is guessed by likeness to the product's description, and shown; --sense takes another. Prompts are ranked \
      by their cosine with the mean of the pictures' vectors; the margin is the lead over the next one. Without \
      pictures they are ranked by text alone: by the description, or the prompt 'a photo of a ...'.

      The encoder conse needs only what the set-up fetches, and names objects: it knows no defects, surfaces or parts. \
      clip needs weights that you add ('flawless weights add ViT-B-32.pt').

      Examples:
        flawless prompts --keyword "metal nut"
        flawless prompts --data mvtec --category metal_nut --shots 4
        flawless prompts --keyword nut --sense n13136556 --json -
      """)

  @Option(
    help: ArgumentHelp(
      "What the product is called (default: the known category's keyword, or its name).", valueName: "WORDS"))
  var keyword: String?

  @Option(
    help: ArgumentHelp(
      "What the product is, which decides between senses (default: the known category's).", valueName: "TEXT"))
  var description: String?

  @OptionGroup(title: "Pictures") var pictures: ProductPictures
  @OptionGroup(title: "Words") var words: PromptWords

  @Option(help: "What compares prompts with pictures; none lists them without an order.")
  var encoder = PromptEncoder.conse

  @Option(help: ArgumentHelp("CLIP's weights (default: OpenAI's, from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(help: "Which GELU those weights were trained with, where they do not say.")
  var activation: CLIPActivation?

  @Option(help: ArgumentHelp("Print so many prompts (default: all).", valueName: "COUNT"))
  var top: Int?

  @Option(help: ArgumentHelp("Write everything as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  func validate() throws {
    if keyword == nil, pictures.place.category == nil, !pictures.areNamed {
      throw ValidationError("Name the product with --keyword, with --category, or with --data.")
    }
    if encoder != .clip, weights != nil || activation != nil {
      throw ValidationError("--weights and --activation are options of --encoder clip.")
    }
    if encoder == .none, pictures.areNamed {
      throw ValidationError("--encoder none looks at no pictures; leave --data and --normal out.")
    }
    if let top, top < 1 { throw ValidationError("--top must be at least 1.") }
  }

  func run() throws {
    try OutputFile.check(json)
    let options = try words.options()
    let wordNet = try WordNet(folder: words.wordNet)
    let found = try pictures.load()
    let category = found?.category.name ?? pictures.place.category
    let known = category.flatMap(ProductKeyword.of)
    guard let keyword = keyword ?? known?.keyword ?? category else {
      throw UsageError("The pictures have no category; name the product with --keyword.")
    }
    // A description of something else would mislead.
    let isKnown = known.map { $0.keyword == PromptSet.normalized(keyword) } ?? false
    let progress = try common.progress()
    if let found, pictures.place.dataset == .auto, pictures.place.normal.isEmpty {
      try progress.note(
        "data set: \(found.category.root) has \(found.category.kind.layout) (--dataset \(found.category.kind.rawValue))"
      )
    }
    let device = encoder == .none ? nil : try common.openDevice(progress)
    let encoders = try device.map { try loadEncoders(on: $0, needsPictures: found != nil) } ?? Encoders()
    let set = try PromptSet(
      keyword: keyword, description: description ?? (isKnown ? known?.description : nil), senses: words.sense,
      wordNet: wordNet, options: options, encoder: encoders.senses)
    let ranking = try rank(set, found?.files, encoders, progress)
    progress.clear()
    let report = PromptReport(
      set: set, ranking: ranking, category: category, pictures: found?.files ?? [], senseEncoder: encoders.senses?.name)
    if let json { try OutputFile.writeJSON(report.object, to: json) }
    if json != "-" { for line in report.lines(top: top) { try Output.line(line) } }
    if let device { DeviceChoice.keepKernels(of: device) }
  }

  private struct Encoders {
    var senses: (any TextEncoder)?
    var texts: (any TextEncoder)?
    var pictures: (any TextImageEncoder)?
  }

  private func loadEncoders(on device: any Device, needsPictures: Bool) throws -> Encoders {
    if encoder == .clip {
      let clip = try TextImageEncoderKind.clip.load(on: device, weights: weights, activation: activation)
      return Encoders(senses: try PromptEncoder.senses(orElse: clip, on: device), texts: clip, pictures: clip)
    }
    let words = try MiniLM(on: device)
    return Encoders(
      senses: words, texts: words, pictures: needsPictures ? try TextImageEncoderKind.conse.load(on: device) : nil)
  }

  private func rank(
    _ set: PromptSet, _ files: [String]?, _ encoders: Encoders, _ progress: ProgressReporter
  ) throws -> PromptRanking? {
    guard let texts = encoders.texts else { return nil }
    guard let files, let encoder = encoders.pictures else { return try PromptRanking(set, encoder: texts) }
    progress.begin()
    var images: [Image] = []
    let decoded = Prefetch(count: files.count) { try Image(path: files[$0]) }
    for image in decoded {
      images.append(try image.get())
      try progress.report("pictures", images.count, of: files.count)
    }
    return try PromptRanking(set.prompts, pictures: images, encoder: encoder)
  }
}
