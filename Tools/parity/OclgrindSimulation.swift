import ArgumentParser
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// Cases run on the simulator Oclgrind, judged by its log: its exit status is 0 whatever it finds.
struct OclgrindSimulation {
  /// Where logs are written.
  let folder: URL
  let seed: UInt64
  /// The driver library of Debian's package.
  var library = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
  var findsUninitialized = false

  init(folder: URL, seed: UInt64) {
    self.folder = folder
    self.seed = seed
  }

  struct Outcome {
    let records: [CaseRecord]
    let findings: [OclgrindFinding]
    let devices: [(name: String, device: String)]
  }

  var isInstalled: Bool { FileManager.default.fileExists(atPath: library) }

  /// The tiny cases of operations. Oclgrind is some 500 times slower than PoCL: one kind of data a case is enough for its
  /// addresses.
  static func texts(_ operations: [Op]) throws -> [String] {
    try operations.flatMap { operation in
      try operation.suite.prefix(operation.tinyCount).compactMap { parameters in
        let made = try operation.makeCase(parameters)
        return made.work <= 20_000 ? made.fills.first.map { made.text($0) } : nil
      }
    }
  }

  /// - kernels: a folder of sources; nil for the built-in ones
  /// - Throws: ``Failure`` when the platform is not Oclgrind's, or it has written no log.
  func run(
    _ texts: [String], _ shape: String, kernels: String?, _ progress: (Int, Int) throws -> Void
  ) throws -> Outcome {
    let log = folder.appendingPathComponent("oclgrind-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: log) }
    var environment = [
      "OCL_ICD_VENDORS": library, "OCLGRIND_LOG": log.path, "OCLGRIND_DATA_RACES": "1", "OCLGRIND_MAX_ERRORS": "100000",
      "XDG_CACHE_HOME": folder.path,
      // Optimizers leave out what lies beyond a private array, and with it the mistake.
      "OCLGRIND_BUILD_OPTIONS": "-cl-opt-disable",
    ]
    if findsUninitialized { environment["OCLGRIND_UNINITIALIZED"] = "1" }
    if let kernels { environment["FLAWLESS_KERNELS"] = kernels }
    let cases = try CaseArguments.parse(["--seed=\(seed)", "--guard=0", "--offset=0", "--repeat=1"])
    var wanted = VariantSelection(device: "opencl", variant: shape)
    wanted.exactBuffers = true
    let runner = try CaseRunner(wanted, cases, isolated: true, timeout: 120, environment: environment)
    guard runner.variants.allSatisfy({ $0.device.contains("Oclgrind") }) else {
      throw Failure("The platform is \(runner.variants.map(\.device)), not Oclgrind's; nothing would be checked.")
    }
    var records: [CaseRecord] = []
    for (index, text) in texts.enumerated() {
      records += try runner.records(for: text)
      try progress(index + 1, texts.count)
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
