import ArgumentParser
import Compute
import Devices
import Foundation
import OpCatalogue
import ToolSupport

/// Which cases, on which devices; shared by the subcommands that run cases.
struct SelectionArguments: ParsableArguments {
  @Option(help: "all, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.")
  var device = "all"
  @Option(help: "The implementation: blas, the OpenCL kernels' shape (cpu, gpu), or all.")
  var variant = "all"
  @Option(help: ArgumentHelp("Operations, with * for any text: 'conv*,pool'.", valueName: "GLOB,…"))
  var ops = "*"
  @Option(
    help: ArgumentHelp(
      "Parameters instead of the suite's: a list separated by ';', or a file with one case a line.",
      valueName: "LIST|FILE"))
  var shapes: String?
  @Option(
    help: ArgumentHelp("Kinds of data: \(Fill.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "KIND,…"))
  var data: String?
  @Option(help: ArgumentHelp("Leave out cases with more multiplications than this.", valueName: "COUNT"))
  var maxWork = 50_000_000
  @Option(help: ArgumentHelp("Seconds that one case may take on one variant.", valueName: "S"))
  var timeout = 20.0
  @Flag(inversion: .prefixedNo, help: "Run the cases in a child process, so that a crash or hang is a result.")
  var isolate = true
  @Option(help: ArgumentHelp("Use the kernels of this folder instead of the built-in ones.", valueName: "DIR"))
  var kernelDir: String?

  func validate() throws {
    guard device == "all" || (DeviceRequest(device) != nil && device != "auto") else {
      throw ValidationError("'\(device)' is no device; use all, cpu, opencl, opencl:0:0 or opencl:<part of a name>.")
    }
    guard timeout > 0 else { throw ValidationError("--timeout must be positive.") }
    for kind in data?.split(separator: ",").map(String.init) ?? [] where Fill(rawValue: kind) == nil {
      throw ValidationError("'\(kind)' is no kind of data.")
    }
    if let kernelDir, !FileManager.default.fileExists(atPath: "\(kernelDir)/prelude.cl") {
      throw ValidationError("There is no prelude.cl in '\(kernelDir)'.")
    }
    if kernelDir != nil, !isolate { throw ValidationError("--kernel-dir needs a child process.") }
  }

  var selection: VariantSelection { VariantSelection(device: device, variant: variant) }
  var environment: [String: String] { kernelDir.map { ["FLAWLESS_KERNELS": $0] } ?? [:] }

  func runner(_ cases: CaseArguments) throws -> CaseRunner {
    try CaseRunner(selection, cases, isolated: isolate, timeout: timeout, environment: environment)
  }

  /// - Throws: ``UsageError`` when no operation has such a name.
  func operations() throws -> [Op] {
    let patterns = ops.split(separator: ",").map(String.init)
    let found = OpCatalogue.operations.filter { operation in patterns.contains { fnmatch($0, operation.name, 0) == 0 } }
    guard !found.isEmpty else { throw UsageError("No operation is called '\(ops)'; 'parity list' shows them.") }
    return found
  }

  /// Every case of the suite, or of `--shapes`.
  func texts(kinds: [Fill] = Fill.allCases, tiny: Bool = false) throws -> [String] {
    let wanted = data.map { Set($0.split(separator: ",").compactMap { Fill(rawValue: String($0)) }) } ?? Set(kinds)
    let own = try shapes.map { try listed($0) }
    return try operations().flatMap { operation in
      try (own ?? (tiny ? Array(operation.suite.prefix(operation.tinyCount)) : operation.suite)).flatMap { parameters in
        let made = try operation.makeCase(parameters)
        guard made.work <= maxWork else { return [String]() }
        return made.fills.filter(wanted.contains).map { made.text($0) }
      }
    }
  }

  private func listed(_ shapes: String) throws -> [Parameters] {
    let text = (try? String(contentsOfFile: shapes, encoding: .utf8)) ?? shapes
    return try text.split(whereSeparator: { $0 == ";" || $0 == "\n" }).map { try Parameters(parsing: $0) }
  }
}
