import Detectors
import Metrics
public import ArgumentParser
import Backbones
import Checkpoints
import Compute
import Datasets
import Foundation
import Generation
import Generator
public import Integrator
import Prompts
import TextImage
import ToolSupport
import Words

extension CandidateSelection.Ranking: ExpressibleByArgument {}

/// What is drawn, and what of it is kept.
struct GenerationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Keep at most so many pictures (default: 10 a shot).", valueName: "COUNT"))
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "Make no new candidates after so many minutes, and choose among those there are.", valueName: "MINUTES"))
  var budget: Double?

  @Flag(help: "Go on with the candidates of a run that was stopped, in DIR.generating.")
  var resume = false

  @Option(
    help: ArgumentHelp(
      "Copies of each shot that variants are drawn around (default: 32 of one, 8 of a few).", valueName: "COUNT"))
  var copies: Int?

  @Option(
    help: ArgumentHelp(
      "Candidates of each copy in a round (default: 4, or as many as --count needs).", valueName: "COUNT"))
  var variants: Int?

  @OptionGroup(title: "Sampling") var sampling: SamplingOptions

  @Option(
    help: ArgumentHelp(
      "What the product is called (default: the known category's keyword, or its name).", valueName: "WORDS"))
  var keyword: String?

  @Option(help: ArgumentHelp("Compare with this sentence instead of looking for the best prompt.", valueName: "TEXT"))
  var prompt: String?

  @Option(help: "What compares pictures with texts; none keeps the first candidates.")
  var encoder = PromptEncoder.conse

  @Option(help: ArgumentHelp("CLIP's weights (default: OpenAI's, from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(help: "Which GELU those weights were trained with, where they do not say.")
  var activation: CLIPActivation?

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: "The seed of copies, draws and cutouts.")
  var seed: UInt64 = 42

  func validate() throws {
    if encoder != .clip, weights != nil || activation != nil {
      throw ValidationError("--weights and --activation are options of --encoder clip.")
    }
    if encoder == .none, keyword != nil || prompt != nil || selection.refine > 0 {
      throw ValidationError("--keyword, --prompt and --refine need an encoder.")
    }
    if let budget, !(budget > 0) { throw ValidationError("--budget must be above 0.") }
    for (name, value) in [("--count", count), ("--copies", copies), ("--variants", variants)] {
      if let value, value < 1 { throw ValidationError("\(name) must be at least 1.") }
    }
  }

  /// Draws and keeps pictures.
  ///
  /// - path: of the generator's folder
  /// - shots: what variants are drawn around; those that the generator was trained on unless given
  /// - category: where normal pictures are that nothing was made from
  func generate(
    _ model: GeneratorModel, at path: String, shots: [String]?, category: Datasets.Category?, to output: String,
    on device: any Device, _ progress: ProgressReporter
  ) throws -> GenerationManifest {
    let hashes = Set(model.description.trainingFiles.map(\.sha256))
    let used = Set(shots ?? [])
    let others = try category?.training.filter { try !used.contains($0) && !hashes.contains(SHA256.hash(fileAt: $0)) }
    let number = shots?.count ?? model.description.trainingFiles.count
    let encoder = try encoder.kind?.load(on: device, weights: weights, activation: activation)
    let word = keyword ?? Self.keyword(of: category?.name ?? model.description.categories.first)
    var run = try GenerationRun(
      model, path: path, backbone: LoadedBackbone(.efficientNetLite0, on: device).backbone, shots: shots,
      settings: settings(shots: number, model.description),
      prompts: encoder.map { try prompts(word, $0, on: device) } ?? [], encoder: encoder)
    (run.keyword, run.heldOut, run.programVersion) = (word, others ?? [], Version.text)
    (run.budget, run.resumes) = (budget.map { .seconds($0 * 60) }, resume)
    if GenerationRun.isUnfinished(output), !resume {
      try progress.note(
        "an unfinished run in \(GenerationRun.workFolder(output).relativePath) gives way to this one (--resume goes on with it)"
      )
    }
    progress.begin()
    let manifest = try run.run(to: output) { try progress.report($0.rawValue, $1, of: $2) }
    progress.clear()
    return manifest
  }

  private func settings(shots: Int, _ description: GeneratorDescription) -> GenerationSettings {
    let wanted = count ?? CandidateSelection.Settings.kept(shots: shots, areAll: description.shots == nil && shots > 16)
    var settings = GenerationSettings(kept: max(wanted, 1))
    settings.sampling = sampling.configuration
    (settings.calibrates, settings.detail) = (sampling.calibrate, sampling.detail)
    let copies = copies ?? ProductVariation.copies(originals: shots)
    settings.copies = copies
    let needed = (settings.integrator.selection.kept + shots * copies - 1) / max(shots * copies, 1)
    settings.integrator.variants = variants ?? (encoder == .none ? needed : max(4, 2 * needed))
    settings.integrator.keptPerOriginal = max(needed, 1)
    settings.integrator.seed = seed
    if encoder != .clip {
      // To ConSE all pictures of a product are nearly the same, and what it calls them says little of their state.
      (settings.integrator.selection.duplicateCosine, settings.integrator.selection.ranking) = (2, .picture)
    }
    selection.apply(to: &settings)
    return settings
  }

  private static func keyword(of category: String?) -> String? {
    category.flatMap { ProductKeyword.of(category: $0)?.keyword ?? PromptSet.normalized($0) }
  }

  private func prompts(_ keyword: String?, _ encoder: any TextImageEncoder, on device: any Device) throws -> [Prompt] {
    if let prompt { return [Prompt(prompt)] }
    guard let keyword else {
      throw UsageError("The generator was trained on pictures without a category; name the product with --keyword.")
    }
    let known = ProductKeyword.all.flatMap(\.products).first { $0.keyword == PromptSet.normalized(keyword) }
    return try PromptSet(
      keyword: keyword, description: known?.description, wordNet: WordNet(folder: WordNet.standardFolder),
      options: PromptOptions(), encoder: PromptEncoder.senses(orElse: encoder, on: device)
    ).prompts
  }

  /// What is said at the end.
  static func lines(_ manifest: GenerationManifest, _ output: String) -> [String] {
    let accepted = manifest.accepted.count
    var lines = [
      "kept \(accepted) of \(manifest.pictures.count) candidates in \(String(format: "%.0f", manifest.seconds)) s, temperature "
        + String(format: "%.3g", manifest.temperature)
        + (manifest.prompt.map { ", prompt '\($0)'" } ?? "")
        + (manifest.isComplete ? "" : "; the budget of time has ended it")
    ]
    for entry in manifest.quality?.shown ?? [] {
      lines.append(
        "\(entry.title): \(entry.value.value.map { String(format: "%.4g", $0) } ?? "n/a, \(entry.value.reason ?? "")")")
    }
    return lines + ["pictures: \(output)", "page: \(output)/\(GenerationManifest.page)"]
  }
}

/// What of the candidates is kept.
struct SelectionOptions: ParsableArguments {
  private static let usual = Integrator.Settings()

  @Option(
    help: """
      By which likeness the best are found: to the prompt, or to the real pictures (default: to these with conse, to the \
      prompt with clip).
      """)
  var ranking: CandidateSelection.Ranking?

  @Option(
    help: ArgumentHelp("A candidate may be less like the prompt than the real pictures by this.", valueName: "COSINE"))
  var textMargin = usual.selection.textMargin

  @Option(
    help: ArgumentHelp("And less like the real pictures than these among themselves by this.", valueName: "COSINE"))
  var pictureMargin = usual.selection.pictureMargin

  @Option(
    help: ArgumentHelp(
      "Above this likeness two candidates are duplicates (default: never with conse, 0.995 with clip).",
      valueName: "COSINE"))
  var duplicates: Double?

  @Option(help: ArgumentHelp("Move each candidate's latent towards the prompt in so many steps.", valueName: "STEPS"))
  var refine = 0

  @Option(help: ArgumentHelp("Adam's rate of these steps.", valueName: "RATE"))
  var refineRate = LatentRefinement.Settings().rate

  @Option(help: ArgumentHelp("Rounds of candidates.", valueName: "COUNT"))
  var rounds = usual.rounds

  @Option(
    help: ArgumentHelp("Choose the prompt anew by the kept pictures after each so many rounds.", valueName: "ROUNDS"))
  var promptEvery = usual.promptEvery

  func validate() throws {
    do {
      var settings = GenerationSettings(kept: 1)
      apply(to: &settings)
      try settings.integrator.validate()
      try settings.refinement.validate()
    } catch { throw ValidationError("\(error)") }
  }

  func apply(to settings: inout GenerationSettings) {
    settings.integrator.rounds = rounds
    if let ranking { settings.integrator.selection.ranking = ranking }
    (settings.integrator.selection.textMargin, settings.integrator.selection.pictureMargin) = (
      textMargin, pictureMargin
    )
    settings.integrator.promptEvery = promptEvery
    if let duplicates { settings.integrator.selection.duplicateCosine = duplicates }
    (settings.refinement.steps, settings.refinement.rate) = (refine, refineRate)
  }
}
