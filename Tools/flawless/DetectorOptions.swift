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

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(help: "Pictures are resized to this many pixels on each side.")
  var size: Int = PatchCoreConfiguration().size

  @Option(help: "Part of the patches that the memory bank keeps …")
  var coreset: Double = PatchCoreConfiguration().coresetRatio

  @Option(help: "… when there are more than this many.")
  var coresetMinimum: Int = PatchCoreConfiguration().coresetMinimum

  @Option(help: "Part of the good pictures that may be called defective.")
  var falseAlarmRate: Double = PatchCoreConfiguration().falseAlarmRate

  @Option(help: "Memory that the training patches may take, in MiB.")
  var descriptorBudget: Int = PatchCoreConfiguration().descriptorBudget >> 20

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
