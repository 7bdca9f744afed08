public import ArgumentParser
public import Backbones
import Benchmarking
import Compute
import Foundation
public import Networks
import OpCatalogue
import Tensors
import ToolSupport
import Variants

struct StepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Time a network's forward pass or training step, operation by operation.",
    discussion: """
      With --training it is a whole step: forwards, loss, backwards, and the optimiser. \
      Every operation is timed with a wait after it, and the whole pass without: the difference is what waiting costs. \
      Operations of one shape are one row. Recoverable is the time beyond what 80 % of the binding roof would take.

      Examples:
        kernel-bench step
        kernel-bench step --network efficientnet-lite0 --batch 8 --size 256 --device opencl --layers
        kernel-bench step --training resnet18 --sort time
      """)

  @Option(help: "The network.")
  var network = BackboneKind.efficientNetLite0
  @Option(help: "The network whose training step is timed instead of a forward pass.")
  var training: TrainingWorkload.Kind?
  @Option(help: ArgumentHelp("Its weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?
  @Option(help: ArgumentHelp("Pictures (default: 1; of a training step 8 or 4).", valueName: "COUNT"))
  var batch: Int?
  @Option(help: ArgumentHelp("Their height and width (default: 256; of the autoencoder 128).", valueName: "PIXELS"))
  var size: Int?
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Passes of each kind.", valueName: "COUNT"))
  var samples = 9
  @Option(help: ArgumentHelp("Rows that are printed.", valueName: "COUNT"))
  var top = 20
  @Option(help: "What the rows are sorted by.")
  var sort = StepRecord.Order.recoverable
  @Flag(help: "Print every operation in the order of the pass instead of the sorted rows.")
  var layers = false
  @Option(help: "Seed of the pictures' pixels.")
  var seed: UInt64 = 42
  @Option(help: ArgumentHelp("Write the table as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard pictures >= 1, edge >= 32, edge % 4 == 0 || training == nil, samples >= 1, top >= 1 else {
      throw ValidationError(
        "--batch, --samples and --top must be at least 1, --size at least 32, of training a multiple of 4.")
    }
    guard training == nil || weights == nil else {
      throw ValidationError("--training begins with weights from its own seed; leave --weights out.")
    }
  }

  private var pictures: Int { batch ?? training?.usualBatch ?? 1 }
  private var edge: Int { size ?? training?.usualSize ?? 256 }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    devices.kernels.applyHere()
    let opened = try BenchedVariant.open(devices.selection, joinsLaunches: true)
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is measured: \(problem)") }
    let roofs = try BenchedVariant.roofs(of: opened.variants)
    var steps: [[String: Any]] = []
    for (index, variant) in opened.variants.enumerated() {
      let step = try measured(variant)
      guard let measured = roofs[variant.name] else { continue }
      steps.append(try step.object(measured).merging(["variant": variant.name, "device": variant.deviceName]) { $1 })
      if json != "-" {
        try Output.line("\(variant.name): \(variant.deviceName) | \(RoofCommand.line(measured))")
        try Output.line(layers ? step.layerTable(measured) : step.hotspotTable(measured, top: top, order: sort))
        try Output.line()
      }
      try progress.report("variants", index + 1, of: opened.variants.count)
    }
    if let json {
      var document = RunDescription.object
      document["network"] = training?.rawValue ?? network.rawValue
      document["is_training"] = training != nil
      document["batch"] = pictures
      document["size"] = edge
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
    // Compiles kernels and packs weights.
    let plain = try pass(on: variant.device)
    try plain()
    try plain()
    // Of one network alone, before the recorded one has arrays of its own.
    let peakBytes = variant.device.memoryUse.peak
    let recorded = try pass(on: recorder)
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
    return StepRecord(wall: wall, layers: layers, peakBytes: peakBytes)
  }

  private func pass(on device: any Device) throws -> () throws -> Void {
    var random = CaseRandom(key: "network \(training?.rawValue ?? network.rawValue)", seed: seed)
    let pixels = (0..<(pictures * edge * edge * 3)).map { _ in Float(2 * random.uniform() - 1) }
    let x = try Tensor(pixels, shape: [pictures, edge, edge, 3], on: device)
    if let training {
      let workload = try TrainingWorkload(training, pictures: x, seed: seed)
      return { _ = try workload.step().values() }
    }
    let backbone = try LoadedBackbone(network, weights: weights, on: device).backbone
    let strides = backbone.taps.map(\.stride)
    return {
      _ = try backbone.features(x, strides: strides)
      try device.synchronize()
    }
  }
}

extension BackboneKind: ExpressibleByArgument {}
extension TrainingWorkload.Kind: ExpressibleByArgument {}
extension StepRecord.Order: ExpressibleByArgument {}
