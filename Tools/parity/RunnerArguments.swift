import ArgumentParser
import OpCatalogue
import Variants

/// How cases are run: on which devices, in which process, and what is asked of each.
struct RunnerArguments: ParsableArguments {
  @OptionGroup var devices: VariantArguments
  @OptionGroup var cases: CaseArguments
  @Option(help: ArgumentHelp("Seconds that one case may take on one variant.", valueName: "S"))
  var timeout = 20.0
  @Flag(inversion: .prefixedNo, help: "Run the cases in a child process, so that a crash or hang is a result.")
  var isolate = true
  @Flag(help: "Stop at the first failure.")
  var failFast = false

  func validate() throws {
    guard timeout > 0 else { throw ValidationError("--timeout must be positive.") }
  }

  func runner(_ check: CaseCheck = .values, environment: [String: String] = [:]) throws -> CaseRunner {
    try CaseRunner(
      devices.selection, cases, check, isolated: isolate, timeout: timeout,
      environment: devices.kernels.environment.merging(environment) { $1 }, replayOptions: replayOptions)
  }

  /// Options that a replay of a case needs beside its text, variant and seed.
  private var replayOptions: String {
    (devices.kernels.kernelDir.map { " --kernel-dir \($0)" } ?? "") + cases.replayOptions
  }
}
