import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

struct RaceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "race", abstract: "Look for races and accesses out of bounds with the simulator Oclgrind.",
    discussion: """
      Runs the smallest cases of every kernel in both shapes on Oclgrind (Debian's package oclgrind) and judges by its \
      log. Before that, a race and a write out of bounds are planted in copies of two kernels: unless both are reported, \
      silence means nothing and the run fails.

      Example:
        parity race --ops 'conv*,nearest'
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var report: ReportArguments
  @Option(help: "Seed of all random data.")
  var seed: UInt64 = 42
  @Option(help: ArgumentHelp("Oclgrind's driver library.", valueName: "FILE"))
  var oclgrind = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
  @Flag(help: "Also report values that were never written (four times slower).")
  var uninitialized = false

  func run() throws {
    try report.check()
    let progress = try report.reporting.progress()
    guard FileManager.default.fileExists(atPath: oclgrind) else {
      throw DeviceError.unavailable(
        requested: "Oclgrind", reason: "\(oclgrind) is not there; install the package oclgrind, or name the file")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let planted = try PlantedFaults(in: folder)
    let proof = try simulate(
      planted.texts, "gpu", kernels: planted.folder, log: folder.appendingPathComponent("planted"), progress)
    for fault in PlantedFaults.all where !proof.findings.contains(where: { fault.isReported(by: $0) }) {
      throw Failure("Oclgrind does not report the planted \(fault.name), so its silence would prove nothing.")
    }
    try progress.note("Oclgrind reports the planted race and the planted write out of bounds.")

    let texts = try onePerShape()
    var results = CaseReport(seed: seed)
    var devices: [(name: String, device: String)] = []
    // A child each: every context of Oclgrind opens the log anew, and would write over the other's.
    for shape in KernelShape.allCases.map(\.rawValue) where ["all", shape].contains(selection.variant) {
      let log = folder.appendingPathComponent("log-\(shape)")
      let outcome = try simulate(texts, shape, kernels: selection.kernelDir, log: log, progress)
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
    try SuiteRun(selection: selection, cases: CaseArguments(), report: report).finish(results, devices, nil)
  }

  /// Oclgrind is some 500 times slower than PoCL: one kind of data a case is enough for its addresses.
  private func onePerShape() throws -> [String] {
    try selection.operations().flatMap { operation in
      try operation.suite.prefix(operation.tinyCount).compactMap { parameters in
        let made = try operation.makeCase(parameters)
        return made.work <= 20_000 ? made.fills.first.map { made.text($0) } : nil
      }
    }
  }

  private struct Outcome {
    let records: [CaseRecord]
    let findings: [OclgrindFinding]
    let devices: [(name: String, device: String)]
  }

  private func simulate(
    _ texts: [String], _ shape: String, kernels: String?, log: URL, _ progress: ProgressReporter
  ) throws -> Outcome {
    var environment = [
      "OCL_ICD_VENDORS": oclgrind, "OCLGRIND_LOG": log.path, "OCLGRIND_DATA_RACES": "1",
      "OCLGRIND_MAX_ERRORS": "100000",
      "XDG_CACHE_HOME": log.deletingLastPathComponent().path,
    ]
    if uninitialized { environment["OCLGRIND_UNINITIALIZED"] = "1" }
    if let kernels { environment["FLAWLESS_KERNELS"] = kernels }
    var cases = CaseArguments()
    (cases.seed, cases.guardCount, cases.repeats, cases.toleranceScale) = (seed, 0, 1, 1)
    var wanted = VariantSelection(device: "opencl", variant: shape)
    wanted.exactBuffers = true
    let runner = try CaseRunner(
      wanted, cases, isolated: true, timeout: max(selection.timeout, 120), environment: environment)
    guard runner.variants.allSatisfy({ $0.device.contains("Oclgrind") }) else {
      throw Failure("The platform is \(runner.variants.map(\.device)), not Oclgrind's; nothing would be checked.")
    }
    var records: [CaseRecord] = []
    for (index, text) in texts.enumerated() {
      records += try runner.records(for: text)
      try progress.report("\(shape) kernels", index + 1, of: texts.count)
    }
    runner.finish()
    guard let data = FileManager.default.contents(atPath: log.path) else {
      throw Failure("Oclgrind has written no log, so nothing was checked.")
    }
    return Outcome(
      records: records, findings: OclgrindFinding.all(in: String(decoding: data, as: UTF8.self)),
      devices: runner.variants)
  }
}

/// One report of Oclgrind.
struct OclgrindFinding: CustomStringConvertible {
  let what: String
  let kernel: String
  let place: String

  var description: String { "\(what) in \(kernel)" + (place.isEmpty ? "" : " at \(place)") }

  /// Reports begin with a line that is not indented.
  static func all(in log: String) -> [OclgrindFinding] {
    var blocks: [[String]] = []
    for line in log.split(separator: "\n").map(String.init) {
      if line.hasPrefix("\t") || line.hasPrefix(" "), !blocks.isEmpty {
        blocks[blocks.count - 1].append(line)
      } else {
        blocks.append([line])
      }
    }
    var seen: Set<String> = []
    return blocks.compactMap { block in
      func after(_ word: String) -> String? {
        block.lazy.compactMap { line in line.range(of: word).map { String(line[$0.upperBound...]) } }.first
      }
      let finding = OclgrindFinding(
        what: block[0].trimmingCharacters(in: .whitespaces), kernel: after("Kernel: ") ?? "?",
        place: (after("At line ") ?? after("line ") ?? "").trimmingCharacters(in: .whitespaces))
      // The same place is reported for every work-item.
      let key = finding.kernel + finding.place + finding.what.prefix(24)
      return seen.insert(key).inserted ? finding : nil
    }
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
      name: "write out of bounds", file: "elementwise", text: "if (i < n) y[i] = value;",
      replacement: "if (i < n) y[i + (1 << 20)] = value;", sign: "invalid write"),
  ]

  let folder: String
  let texts = ["op=softmax rows=2 columns=70 data=normal", "op=fill n=7 data=constant"]

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
