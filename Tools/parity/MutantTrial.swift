import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// Runs the suite on one mutant until something fails.
struct MutantTrial {
  enum Outcome {
    /// It does not compile, so it is no mutant.
    case stillborn
    case killed(by: String)
    case survived

    var name: String {
      switch self {
      case .stillborn: "stillborn"
      case .killed: "killed"
      case .survived: "survived"
      }
    }
    var by: String { if case .killed(let by) = self { by } else { "" } }
  }

  let folder: URL
  let loops: String
  let seed: UInt64
  /// In what killed a mutant that never ended: on a loaded machine such a kill deserves a second look.
  static let timeoutWords = "nothing came back"
  /// Cases of some kinds of data, from small to large; the whole suite for what survives them.
  private static let firstKinds: [Fill] = [.integer, .normal, .index]

  func outcome(of mutant: Mutant, _ kernel: HotKernel, _ variants: [String]) throws -> Outcome {
    let environment: [String: String]
    var more: [String] = []
    if variants == ["blas"] {
      guard let library = try compiled(mutant) else { return .stillborn }
      more = ["--loops=\(library.path)"]
      environment = [:]
    } else {
      let kernels = folder.appendingPathComponent("kernels")
      let url = kernels.appendingPathComponent(mutant.file)
      let original = try String(contentsOf: url, encoding: .utf8)
      try mutant.apply(to: original).write(to: url, atomically: true, encoding: .utf8)
      defer { try? original.write(to: url, atomically: true, encoding: .utf8) }
      environment = [
        "FLAWLESS_KERNELS": kernels.path, "POCL_CACHE_DIR": folder.appendingPathComponent("pocl").path,
        "XDG_CACHE_HOME": folder.appendingPathComponent("cache").path,
      ]
      return try tried(mutant, kernel, variants, environment, more)
    }
    return try tried(mutant, kernel, variants, environment, more)
  }

  private func tried(
    _ mutant: Mutant, _ kernel: HotKernel, _ variants: [String], _ environment: [String: String], _ more: [String]
  ) throws -> Outcome {
    let operations = try kernel.operations.map { try OpCatalogue.operation($0) }
    let quick = try operations.flatMap { operation in
      try operation.suite.prefix(operation.tinyCount).flatMap { parameters in
        let made = try operation.makeCase(parameters)
        return made.fills.filter(Self.firstKinds.contains).map { made.text($0) }
      }
    }
    let all = try operations.flatMap { operation in
      try operation.suite.flatMap { parameters in
        let made = try operation.makeCase(parameters)
        return made.fills.map { made.text($0) }
      }
    }
    for variant in variants {
      let device = variant == "blas" ? "cpu" : "opencl"
      let runner: CaseRunner
      do {
        runner = try CaseRunner(
          VariantSelection(device: device, variant: variant), cases(), isolated: true, timeout: 60,
          environment: environment, workerArguments: more)
      } catch let end as WorkerEnd { return .killed(by: "\(end.how) at its start") }
      for text in quick + all {
        guard let failed = try runner.records(for: text, names: [variant]).first(where: \.isFailure) else { continue }
        if failed.message.contains("does not compile") { return .stillborn }
        return .killed(by: "\(text) on \(variant): \(failed.message)")
      }
    }
    return try simulated(operations, variants, environment) ?? .survived
  }

  private func cases() throws -> CaseArguments { try CaseArguments.parse(["--seed=\(seed)", "--repeat=1"]) }

  /// Races and accesses out of bounds that change no result on PoCL show on the simulator.
  private func simulated(_ operations: [Op], _ variants: [String], _ environment: [String: String]) throws -> Outcome? {
    let simulation = OclgrindSimulation(folder: folder, seed: seed)
    guard variants != ["blas"], simulation.isInstalled else { return nil }
    let texts = try OclgrindSimulation.texts(operations)
    for variant in variants {
      let findings = try simulation.run(texts, variant, kernels: environment["FLAWLESS_KERNELS"]) { _, _ in }.findings
      if let first = findings.first { return .killed(by: "Oclgrind: \(first)") }
    }
    return nil
  }

  /// A shared object of the loops with the mutant among them; nil when it does not compile.
  private func compiled(_ mutant: Mutant) throws -> URL? {
    let sources = folder.appendingPathComponent("loops")
    if !FileManager.default.fileExists(atPath: sources.path) {
      try FileManager.default.copyItem(atPath: loops, toPath: sources.path)
    }
    let url = sources.appendingPathComponent(mutant.file)
    let original = try String(contentsOf: url, encoding: .utf8)
    try mutant.apply(to: original).write(to: url, atomically: true, encoding: .utf8)
    defer { try? original.write(to: url, atomically: true, encoding: .utf8) }
    let library = folder.appendingPathComponent("mutant.so")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let files = try FileManager.default.contentsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".c") }
    process.arguments =
      [
        "clang", "-shared", "-fPIC", "-O1", "-ffp-contract=off", "-fno-math-errno", "-w",
        // An index beyond a local array is a crash, as under the address sanitizer.
        "-fsanitize=bounds", "-fsanitize-trap=bounds", "-o", library.path,
        "-I", sources.appendingPathComponent("include").path,
      ] + files.sorted().map { sources.appendingPathComponent($0).path } + ["-lm"]
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus == 0 ? library : nil
  }
}
