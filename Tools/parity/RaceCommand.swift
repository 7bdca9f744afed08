import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race", abstract: "Look for races and accesses out of bounds with the simulator Oclgrind.",
    discussion: """
      Runs the smallest cases of every kernel in both shapes on Oclgrind (Debian's package oclgrind) and judges by its \
      log. Before that, a race, a write out of bounds and an index beyond a private array are planted in copies of three \
      kernels: unless all are reported, silence means nothing and the run fails.

      Example:
        parity race --ops 'conv*,nearest'
      """)

  @OptionGroup var names: OperationArguments
  @Option(help: "The kernels' shape: cpu, gpu, or all.")
  var variant = "all"
  @OptionGroup var kernels: KernelArguments
  @OptionGroup var report: ReportArguments
  @Option(help: "Seed of all random data.")
  var seed: UInt64 = 42
  @Option(help: ArgumentHelp("Oclgrind's driver library.", valueName: "FILE"))
  var oclgrind = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
  @Flag(help: "Also report values that were never written (four times slower).")
  var uninitialized = false

  func validate() throws {
    guard (["all"] + KernelShape.allCases.map(\.rawValue)).contains(variant) else {
      throw ValidationError("'\(variant)' is no shape of the kernels; use cpu, gpu or all.")
    }
  }

  func run() throws {
    try report.check()
    let progress = try report.reporting.progress()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    var simulation = OclgrindSimulation(folder: folder, seed: seed)
    simulation.library = oclgrind
    simulation.findsUninitialized = uninitialized
    guard simulation.isInstalled else {
      throw DeviceError.unavailable(
        requested: "Oclgrind", reason: "\(oclgrind) is not there; install the package oclgrind, or name the file")
    }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let planted = try PlantedFaults(in: folder)
    let proof = try simulation.run(planted.texts, "gpu", kernels: planted.folder) { _, _ in }
    for fault in PlantedFaults.all where !proof.findings.contains(where: { fault.isReported(by: $0) }) {
      throw Failure("Oclgrind does not report the planted \(fault.name), so its silence would prove nothing.")
    }
    try progress.note("Oclgrind reports the planted race, write out of bounds and index beyond a private array.")

    let texts = try OclgrindSimulation.texts(names.operations())
    var results = CaseReport(seed: seed)
    var devices: [(name: String, device: String)] = []
    // A child each: every context of Oclgrind opens the log anew, and would write over the other's.
    for shape in KernelShape.allCases.map(\.rawValue) where ["all", shape].contains(variant) {
      let outcome = try simulation.run(texts, shape, kernels: kernels.kernelDir) {
        try progress.report("\(shape) kernels", $0, of: $1)
      }
      results.add(outcome.records)
      devices += outcome.devices
      for finding in outcome.findings {
        try progress.note("FOUND \(finding) (\(shape) kernels)", always: true)
        let text = "op=\(finding.kernel.prefix { $0 != "_" }) kernel=\(finding.kernel) data=any"
        results.add([
          CaseRecord(text: text, seed: seed, variant: shape, status: .failed, message: finding.description)
        ])
      }
    }
    try report.finish(results, devices, nil)
  }
}

/// Copies of the kernels with faults that Oclgrind must find.
struct PlantedFaults {
  struct Fault {
    let name: String
    let file: String
    let text: String
    let replacement: String
    /// A word of the report.
    let sign: String

    func isReported(by finding: OclgrindFinding) -> Bool {
      finding.what.lowercased().contains(sign) && finding.kernel.hasPrefix(file)
    }
  }

  static let all = [
    Fault(
      name: "race", file: "softmax", text: "  tree[item] = largest;\n  barrier(CLK_LOCAL_MEM_FENCE);",
      replacement: "  tree[item] = largest;", sign: "race"),
    Fault(
      name: "write out of bounds", file: "elementwise", text: "EACH((wide)value);",
      replacement: "y[first + (1 << 20)] = value;", sign: "invalid write"),
    Fault(
      name: "index beyond a private array", file: "convolution",
      text: "for (int j = 0; j < 8; j++) {\n      int o = column",
      replacement: "for (int j = 0; j < 9; j++) {\n      int o = column", sign: "static array"),
  ]

  let folder: String
  let texts = [
    "op=softmax rows=2 columns=70 data=normal", "op=fill n=7 data=constant", "op=multiply m=1 n=65 k=1 data=normal",
  ]

  init(in parent: URL) throws {
    let folder = parent.appendingPathComponent("kernels")
    try KernelFolder.write(to: folder)
    for fault in Self.all {
      let file = folder.appendingPathComponent("\(fault.file).cl")
      let text = try String(contentsOf: file, encoding: .utf8)
      guard let range = text.range(of: fault.text) else {
        throw Failure("\(fault.file).cl no longer has the place where a \(fault.name) is planted.")
      }
      try text.replacingCharacters(in: range, with: fault.replacement).write(
        to: file, atomically: true, encoding: .utf8)
    }
    self.folder = folder.path
  }
}
