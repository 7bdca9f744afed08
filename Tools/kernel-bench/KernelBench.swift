import ArgumentParser
import ToolSupport

/// The command and its subcommands.
struct KernelBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernel-bench",
    abstract: "Measures kernels against what the device can do at most.",
    discussion: """
      Operations of the catalogue are timed on the CPU path and on OpenCL, after their results were checked, and compared \
      with roofs that were measured on the same device in the same run.

      Examples:
        kernel-bench roof
        kernel-bench run --ops 'conv*,multiply'

      Exit codes: 0 done, 1 something failed or is slower, 2 wrong use, 3 no usable device, 4 a crash or hang in a \
      child, 5 ambiguous under --strict, 6 too noisy to judge, 7 internal error, 130 interrupted.
      """,
    version: Version.text,
    subcommands: [
      ListCommand.self, RoofCommand.self, RunCommand.self, StepCommand.self, PairedCommand.self, CompareCommand.self,
      StaticCommand.self, ModelCommand.self, ModelWorkerCommand.self, CompileCommand.self, CompileWorkerCommand.self,
      CountCommand.self,
      CountWorkerCommand.self, TuneCommand.self, TuneWorkerCommand.self, PlotCommand.self, GateCommand.self,
      ServeCommand.self,
    ])
}
