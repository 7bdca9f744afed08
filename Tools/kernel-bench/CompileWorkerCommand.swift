import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// A child that compiles: its caches are those that the environment names, and it starts with nothing in memory.
struct CompileWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "compile-worker", shouldDisplay: false)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  /// Where the times go, as JSON.
  @Option var result: String
  @Flag(help: "Take programs from the program's own cache.")
  var usesCache = false
  @Flag(help: "Store programs in the program's own cache at the end.")
  var stores = false

  /// Larger cases compile nothing else.
  private static let largestWork = 20_000

  func run() throws {
    var selection = devices.selection
    selection.kernelFolder = devices.kernels.kernelDir
    selection.usesCache = usesCache || stores
    var times: [String: CompileTimes] = [:]
    for variant in try selection.open().variants {
      guard let device = variant.device as? OpenCLDevice else { continue }
      device.timeFirstLaunches()
      for made in try cases() {
        let loaded = try LoadedCase(made, made.hostInputs(.normal, seed: 42), on: device)
        try loaded.launch()
        try device.synchronize()
      }
      times[variant.name] = device.compileTimes
      if stores { device.storePrograms() }
    }
    try OutputFile.write(JSONEncoder().encode(times), to: result)
  }

  private func cases() throws -> [OpCase] {
    try operations.operations().flatMap { operation in
      try operation.suite.prefix(operation.tinyCount).map(operation.makeCase).filter { $0.work <= Self.largestWork }
    }
  }
}
