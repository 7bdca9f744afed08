import ArgumentParser
import Benchmarking

/// How long and how often is measured.
struct MeasuringArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Samples of each case, a block of launches each.", valueName: "COUNT"))
  var samples = 15
  @Option(help: ArgumentHelp("Seconds of samples at least.", valueName: "S"))
  var minTime = 0.2
  @Option(help: ArgumentHelp("Milliseconds of a block at least.", valueName: "MS"))
  var blockMs = 5.0
  @Option(help: "The time that rates are taken from: p10, median or min.")
  var stat = Statistic.p10
  @Option(help: "The clock: event (the driver's), wall (the host's), or auto (the driver's on GPUs).")
  var timer = TimerKind.auto
  @Flag(help: "Time single launches after the caches were filled with something else.")
  var cold = false
  @Flag(help: "Time each case hot, and then cold.")
  var both = false
  @Option(help: "Seed of all random data.")
  var seed: UInt64 = 42

  func validate() throws {
    guard samples >= 1, minTime >= 0, blockMs > 0 else {
      throw ValidationError("--samples must be at least 1, --block-ms positive, --min-time not negative.")
    }
  }

  var blocks: BlockTimer { BlockTimer(block: blockMs / 1000) }

  var temperatures: [BenchRecord.Temperature] { both ? [.hot, .cold] : cold ? [.cold] : [.hot] }
}
