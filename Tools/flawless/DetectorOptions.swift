public import ArgumentParser
public import Backbones
public import Detectors

extension BackboneKind: ExpressibleByArgument {}
extension DetectorKind: ExpressibleByArgument {}

/// What a detector computes; the defaults are those of the library.
struct DetectorOptions: ParsableArguments {
  @Option(help: "The detector.")
  var detector: DetectorKind = .patchCore

  @Option(help: "The pretrained network.")
  var backbone: BackboneKind = PatchCoreConfiguration().backbone

  @Option(
    help: ArgumentHelp("The network's weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "Pictures are resized to this many pixels on each side (default: \(PatchCoreConfiguration().size), or the preset's).",
      valueName: "PIXELS"))
  var size: Int?

  @Option(help: ArgumentHelp("Part of the good pictures that may be called defective.", valueName: "PART"))
  var falseAlarmRate: Double = PatchCoreConfiguration().falseAlarmRate

  @OptionGroup(title: "PatchCore") var patchCoreOptions: PatchCoreOptions
  @OptionGroup(title: "Reverse Distillation") var distillationOptions: ReverseDistillationOptions

  func validate() throws {
    if detector != .patchCore, let name = patchCoreOptions.given.first {
      throw ValidationError("\(name) is an option of --detector \(DetectorKind.patchCore.rawValue).")
    }
    if detector != .reverseDistillation, let name = distillationOptions.given.first {
      throw ValidationError("\(name) is an option of --detector \(DetectorKind.reverseDistillation.rawValue).")
    }
  }

  var configuration: any DetectorConfiguration {
    switch detector {
    case .patchCore: patchCore
    case .reverseDistillation: complete(distillationOptions.configuration)
    }
  }

  var patchCore: PatchCoreConfiguration { complete(patchCoreOptions.configuration) }

  private func complete<Configuration: DetectorConfiguration>(_ configuration: Configuration) -> Configuration {
    var configuration = configuration
    configuration.backbone = backbone
    configuration.falseAlarmRate = falseAlarmRate
    if let size { configuration.size = size }
    return configuration
  }
}

struct PatchCoreOptions: ParsableArguments {
  private static let usual = PatchCoreConfiguration()

  @Option(
    help: ArgumentHelp(
      "Part of the patches that the memory bank keeps (default: \(usual.coresetRatio)) …", valueName: "PART"))
  var coreset: Double?

  @Option(
    help: ArgumentHelp(
      "… when there are more than this many (default: \(usual.coresetMinimum)); with fewer it keeps all.",
      valueName: "COUNT"))
  var coresetMinimum: Int?

  @Option(
    help: ArgumentHelp(
      "Memory that the training patches may take (default: \(usual.descriptorBudget >> 20)).", valueName: "MIB"))
  var descriptorBudget: Int?

  func validate() throws {
    if let descriptorBudget, !(1...(1 << 40)).contains(descriptorBudget) {
      throw ValidationError("--descriptor-budget must be at least 1 MiB.")
    }
  }

  /// The options that were given.
  var given: [String] {
    [
      coreset.map { _ in "--coreset" }, coresetMinimum.map { _ in "--coreset-minimum" },
      descriptorBudget.map { _ in "--descriptor-budget" },
    ].compactMap { $0 }
  }

  var configuration: PatchCoreConfiguration {
    var configuration = Self.usual
    if let coreset { configuration.coresetRatio = coreset }
    if let coresetMinimum { configuration.coresetMinimum = coresetMinimum }
    if let descriptorBudget { configuration.descriptorBudget = descriptorBudget << 20 }
    return configuration
  }
}
