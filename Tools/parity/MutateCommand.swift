import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

struct MutateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mutate", abstract: "Break each hot kernel in many ways and count how many the suite finds.",
    discussion: """
      Changes one place at a time in a copy of a kernel (bounds, indices, terms, barriers, initial values), runs the \
      cases of its operations in a child process, and what survives these on Oclgrind. Survivors must stand, with the \
      reason why they change no result, in the file of equivalent ones; of the others at most one in twenty may survive.

      Examples:
        parity mutate --kernels convolution_tiles
        parity mutate --count 40 --json mutants.json
      """)

  @Option(help: ArgumentHelp("Kernels, or loops of the CPU path, with * for any text.", valueName: "GLOB,…"))
  var kernels = "*"
  @Option(help: ArgumentHelp("Mutants of each kernel and shape.", valueName: "N"))
  var count = 24
  @Option(help: "Seed of the choice of mutants and of all data.")
  var seed: UInt64 = 42
  @Option(
    help: ArgumentHelp("Survivors with reasons: a line 'function: before -> after | reason' each.", valueName: "FILE"))
  var justified = "Tools/parity/equivalent-mutants.txt"
  @Option(help: ArgumentHelp("The C loops' sources.", valueName: "DIR"))
  var loops = "Sources/CLoops"
  @Option(help: ArgumentHelp("Write every mutant as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?
  @Flag(help: "Print the mutants and run nothing.")
  var list = false
  @OptionGroup var reporting: ReportingArguments

  private struct Group {
    let kernel: HotKernel
    /// `cpu` and `gpu` for kernels, `blas` for loops.
    let variants: [String]
    let name: String
    let mutants: [Mutant]
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try KernelFolder.write(to: folder.appendingPathComponent("kernels"))
    let groups = try groups(folder.appendingPathComponent("kernels"))
    guard !groups.isEmpty else { throw UsageError("No hot kernel is called '\(kernels)'.") }
    if list {
      for group in groups {
        for mutant in group.mutants.prefix(count) { try Output.line("\(mutant.file):\(mutant.line) \(mutant.key)") }
      }
      return
    }
    let reasons = try Self.reasons(justified)
    let trial = MutantTrial(folder: folder, loops: loops, seed: seed)
    var table = Table(["kernel", "mutants", "killed", "timeouts", "equivalent", "survivors", "rate"])
    var (outcomes, unexplained, weakest) = ([(Mutant, MutantTrial.Outcome)](), [Mutant](), 1.0)
    let total = groups.reduce(0) { $0 + min($1.mutants.count, count) }
    for group in groups {
      var (killed, tried, timeouts, survivors, equivalent) = (0, 0, 0, 0, 0)
      // What does not compile is no mutant, and another one takes its place.
      for mutant in group.mutants where tried < count {
        let outcome = try trial.outcome(of: mutant, group.kernel, group.variants)
        outcomes.append((mutant, outcome))
        switch outcome {
        case .stillborn: break
        case .killed(let by):
          killed += 1
          if by.contains(MutantTrial.timeoutWords) { timeouts += 1 }
          tried += 1
        case .survived:
          tried += 1
          survivors += 1
          let reason = reasons[mutant.key]
          if reason == nil { unexplained.append(mutant) } else { equivalent += 1 }
          try progress.note(
            "SURVIVED \(mutant.file):\(mutant.line) \(mutant.key)" + (reason.map { " | \($0)" } ?? ""), always: true)
        }
        try progress.report("mutants", outcomes.count, of: total)
      }
      // What changes no result can be killed by nothing.
      let rate = tried > equivalent ? Double(killed) / Double(tried - equivalent) : 0
      weakest = min(weakest, rate)
      table.add([
        group.name, "\(tried)", "\(killed)", "\(timeouts)", "\(equivalent)", "\(survivors - equivalent)",
        String(format: "%.0f %%", 100 * rate),
      ])
    }
    try finish(outcomes, table, unexplained, weakest)
  }

  private func finish(
    _ outcomes: [(Mutant, MutantTrial.Outcome)], _ table: Table, _ unexplained: [Mutant], _ weakest: Double
  ) throws {
    if let json {
      try OutputFile.writeJSON(
        [
          "schema": "parity-mutate/1", "seed": seed, "version": Version.text,
          "mutants": outcomes.map { mutant, outcome in
            [
              "file": mutant.file, "line": mutant.line, "mutant": mutant.key, "kind": mutant.kind,
              "outcome": outcome.name, "by": outcome.by,
            ]
          },
        ], to: json)
    }
    let killed = outcomes.count { if case .killed = $0.1 { true } else { false } }
    let survived = outcomes.count { if case .survived = $0.1 { true } else { false } }
    if json != "-" {
      try Output.line(table.text)
      try Output.line("\(killed) passed, \(unexplained.count) failed, \(survived - unexplained.count) skipped")
    }
    guard unexplained.isEmpty, weakest >= 0.95, killed > 0 else { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  /// The kernels asked for, each with its mutants: of every shape on its own, since each body has its own mistakes.
  private func groups(_ sources: URL) throws -> [Group] {
    let patterns = kernels.split(separator: ",").map(String.init)
    func isWanted(_ kernel: HotKernel) -> Bool { patterns.contains { fnmatch($0, kernel.name, 0) == 0 } }
    var groups: [Group] = []
    for kernel in HotKernel.kernels where isWanted(kernel) {
      let text = try String(contentsOf: sources.appendingPathComponent("\(kernel.file).cl"), encoding: .utf8)
      let all = try MutantFinder.mutants(of: text, file: "\(kernel.file).cl").filter {
        kernel.functions.contains($0.function)
      }
      let shapes = all.contains { $0.shape != nil } ? ["cpu", "gpu"] : [nil]
      for shape in shapes {
        let name = kernel.name + (shape.map { " (\($0))" } ?? "")
        let own = all.filter { $0.shape == shape || $0.shape == nil }
        groups.append(
          Group(
            kernel: kernel, variants: shape.map { [$0] } ?? ["cpu", "gpu"], name: name, mutants: ordered(own, name)))
      }
    }
    for kernel in HotKernel.loops where isWanted(kernel) {
      guard let text = try? String(contentsOfFile: "\(loops)/\(kernel.file).c", encoding: .utf8) else {
        throw UsageError("There is no \(kernel.file).c in '\(loops)'; name the folder with --loops.")
      }
      let all = try MutantFinder.mutants(of: text, file: "\(kernel.file).c").filter {
        kernel.functions.contains($0.function)
      }
      groups.append(Group(kernel: kernel, variants: ["blas"], name: kernel.name, mutants: ordered(all, kernel.name)))
    }
    return groups.filter { !$0.mutants.isEmpty }
  }

  /// Every kind in turn, so that rare kinds take part; then the spare ones.
  private func ordered(_ all: [Mutant], _ name: String) -> [Mutant] {
    var random = CaseRandom(key: "mutants of " + name, seed: seed)
    var ordered: [Mutant] = []
    for isSpare in [false, true] {
      var kinds = Dictionary(grouping: all.filter { $0.isSpare == isSpare }.shuffled(using: &random), by: \.kind)
      while !kinds.isEmpty {
        for kind in kinds.keys.sorted() {
          if let next = kinds[kind]?.popLast() { ordered.append(next) } else { kinds[kind] = nil }
        }
      }
    }
    return ordered
  }

  private static func reasons(_ path: String) throws -> [String: String] {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [:] }
    var reasons: [String: String] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let parts = line.components(separatedBy: " | ")
      guard parts.count == 2 else { throw Failure("In '\(path)' the line '\(line)' has no reason after ' | '.") }
      reasons[parts[0].trimmingCharacters(in: .whitespaces)] = parts[1]
    }
    return reasons
  }
}
