import ArgumentParser
import ToolSupport

/// The command and its subcommands.
struct Parity: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Proves that every device and every shape of a kernel computes the same.",
    discussion: """
      Each case of the catalogue runs on the CPU path and on OpenCL with both shapes of the kernels, and is compared \
      with a reference in Float64 under bounds from error analysis.

      Examples:
        parity run
        parity run --ops 'conv*' --variant gpu --data integer
        parity fuzz --time 60s
        parity replay 'op=convolve h=5 w=7 c=3 o=4 k=3 p=1 data=onehot'

      Exit codes: 0 all passed, 1 something failed, 2 wrong use, 3 no usable \
      device, 4 a crash or hang in a child, 7 internal error, 130 interrupted.
      """,
    version: Version.text,
    subcommands: [
      RunCommand.self, FuzzCommand.self, NaNCommand.self, GradientCommand.self, MatrixCommand.self, RaceCommand.self,
      NetworkCommand.self, FaultsCommand.self, MutateCommand.self, ReplayCommand.self, ListCommand.self,
      WorkerCommand.self,
      FaultWorkerCommand.self, ProbeWorkerCommand.self,
    ])
}
