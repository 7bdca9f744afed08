public import ArgumentParser
public import Backbones
import Detectors

extension BackboneKind: ExpressibleByArgument {}

enum DetectorKind: String, ExpressibleByArgument, CaseIterable {
  case patchcore
}

/// What a detector computes; the defaults are those of the library.
struct DetectorOptions: ParsableArguments {
  @Option(help: "The detector.")
  var detector: DetectorKind = .patchcore

  @Option(help: "The pretrained network.")
  var backbone: BackboneKind = PatchCoreConfiguration().backbone

  @Option(
    help: ArgumentHelp("The network's weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(help: ArgumentHelp("Pictures are resized to this many pixels on each side.", valueName: "PIXELS"))
  var size: Int = PatchCoreConfiguration().size

  @Option(help: ArgumentHelp("Part of the patches that the memory bank keeps …", valueName: "PART"))
  var coreset: Double = PatchCoreConfiguration().coresetRatio

  @Option(help: ArgumentHelp("… when there are more than this many; with fewer it keeps all.", valueName: "COUNT"))
  var coresetMinimum: Int = PatchCoreConfiguration().coresetMinimum

  @Option(help: ArgumentHelp("Part of the good pictures that may be called defective.", valueName: "PART"))
  var falseAlarmRate: Double = PatchCoreConfiguration().falseAlarmRate

  @Option(help: ArgumentHelp("Memory that the training patches may take.", valueName: "MIB"))
  var descriptorBudget: Int = PatchCoreConfiguration().descriptorBudget >> 20

  func validate() throws {
    guard (1...(1 << 40)).contains(descriptorBudget) else {
      throw ValidationError("--descriptor-budget must be at least 1 MiB.")
    }
  }

  var configuration: PatchCoreConfiguration {
    var configuration = PatchCoreConfiguration()
    configuration.backbone = backbone
    configuration.size = size
    configuration.coresetRatio = coreset
    configuration.coresetMinimum = coresetMinimum
    configuration.falseAlarmRate = falseAlarmRate
    configuration.descriptorBudget = descriptorBudget << 20
    return configuration
  }
}
