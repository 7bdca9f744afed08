public import ArgumentParser
public import Backbones
import Benchmarking
import Compute
import Foundation
import OpCatalogue
import Tensors
import ToolSupport
import Variants

struct StepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time a network's forward pass, operation by operation.",
    discussion: """
      Every operation is timed with a wait after it, and the whole pass without: the difference is what waiting costs. \
      Operations of one shape are one row. Recoverable is the time beyond what 80 % of the binding roof would take.

      Examples:
        kernel-bench step
        kernel-bench step --network efficientnet-lite0 --batch 8 --size 256 --device opencl --layers
      """)

  @Option(help: "The network.")
  var network = BackboneKind.efficientNetLite0
  @Option(help: ArgumentHelp("Its weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?
  @Option(help: ArgumentHelp("Pictures.", valueName: "COUNT"))
  var batch = 1
  @Option(help: ArgumentHelp("Their height and width.", valueName: "PIXELS"))
  var size = 256
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Passes of each kind.", valueName: "COUNT"))
  var samples = 9
  @Option(help: ArgumentHelp("Rows that are printed.", valueName: "COUNT"))
  var top = 20
  @Flag(help: "Print every operation in the order of the pass instead of the sorted rows.")
  var layers = false
  @Option(help: "Seed of the pictures' pixels.")
  var seed: UInt64 = 42
  @Option(help: ArgumentHelp("Write the table as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard batch >= 1, size >= 32, samples >= 1, top >= 1 else {
      throw ValidationError("--batch, --samples and --top must be at least 1, --size at least 32.")
    }
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    devices.kernels.applyHere()
    let opened = try BenchedVariant.open(devices.selection)
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is measured: \(problem)") }
    let roofs = try BenchedVariant.roofs(of: opened.variants)
    var steps: [[String: Any]] = []
    for (index, variant) in opened.variants.enumerated() {
      let step = try measured(variant)
      guard let measured = roofs[variant.name] else { continue }
      steps.append(try step.object(measured).merging(["variant": variant.name, "device": variant.deviceName]) { $1 })
      if json != "-" {
        try Output.line("\(variant.name): \(variant.deviceName) | \(RoofCommand.line(measured))")
        try Output.line(layers ? step.layerTable(measured) : step.hotspotTable(measured, top: top))
        try Output.line()
      }
      try progress.report("variants", index + 1, of: opened.variants.count)
    }
    if let json {
      var document = RunDescription.object
      document["network"] = network.rawValue
      document["batch"] = batch
      document["size"] = size
      document["steps"] = steps
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      try Output.line("\(steps.count) passed, 0 failed, \(opened.openCLProblem == nil ? 0 : 1) skipped")
    }
  }

  /// The pass with and without recording, in turn.
  private func measured(_ variant: BenchedVariant) throws -> StepRecord {
    let recorder = RecordingDevice(variant.device)
    let (plain, recorded) = (try pass(on: variant.device), try pass(on: recorder))
    // Compiles kernels and packs weights.
    try plain()
    try recorded()
    var (wall, passes) = ([Double](), [[RecordingDevice.Call]]())
    for _ in 0..<samples {
      wall.append(try BlockTimer().seconds(1) { _ in try plain() })
      recorder.reset()
      try recorded()
      passes.append(recorder.calls)
    }
    guard let calls = passes.first, passes.allSatisfy({ $0.count == calls.count }) else {
      throw Failure("Two passes of the network did not make the same calls.")
    }
    let layers = calls.indices.map { place in
      StepRecord.Layer(
        operation: calls[place].operation, shape: calls[place].shape, model: calls[place].model,
        seconds: SampleStatistics(passes.map { $0[place].seconds }).median)
    }
    return StepRecord(wall: wall, layers: layers, peakBytes: variant.device.memoryUse.peak)
  }

  private func pass(on device: any Device) throws -> () throws -> Void {
    let backbone = try LoadedBackbone(network, weights: weights, on: device).backbone
    var random = CaseRandom(key: "network \(network.rawValue)", seed: seed)
    let pixels = (0..<(batch * size * size * 3)).map { _ in Float(2 * random.uniform() - 1) }
    let x = try Tensor(pixels, shape: [batch, size, size, 3], on: device)
    let strides = backbone.taps.map(\.stride)
    return {
      _ = try backbone.features(x, strides: strides)
      try device.synchronize()
    }
  }
}

extension BackboneKind: ExpressibleByArgument {}
