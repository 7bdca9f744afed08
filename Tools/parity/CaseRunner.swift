import Compute
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// Runs cases one after the other, in a child process or in this one.
final class CaseRunner {
  private enum Mode {
    case here(CaseExecutor)
    case child(Worker)
  }

  private let mode: Mode
  private let timeout: Double
  private let seed: UInt64
  private let check: CaseCheck
  private let replayOptions: String
  /// Names of the variants, and of their devices.
  let variants: [(name: String, device: String)]
  /// Why OpenCL takes no part, where it does not.
  let openCLProblem: String?

  /// - environment: of the child, or of this process
  /// - replayOptions: what the replay lines of its records need
  /// - Throws: ``DeviceError/unavailable(requested:reason:)`` when nothing can run, or a named device is missing.
  init(
    _ selection: VariantSelection, _ cases: CaseArguments, _ check: CaseCheck = .values, isolated: Bool,
    timeout: Double, environment: [String: String] = [:], workerArguments: [String] = [], replayOptions: String = ""
  ) throws {
    self.timeout = timeout
    self.check = check
    self.replayOptions = replayOptions
    seed = cases.seed
    if isolated {
      let worker = Worker(
        "worker",
        ["--device=\(selection.device)", "--variant=\(selection.variant)", "--check=\(check.rawValue)"]
          + (selection.exactBuffers ? ["--exact-buffers"] : []) + cases.arguments
          + workerArguments, environment: environment)
      do { try worker.start() } catch let end as WorkerEnd {
        // The child says the same as this process would: a device that is missing is this run's error.
        guard end.how == "ended with code \(ExitStatus.noDevice.rawValue)" else { throw end }
        throw DeviceError.unavailable(requested: selection.device, reason: Self.reason(in: end.words))
      }
      mode = .child(worker)
      variants = worker.variants
      openCLProblem = worker.openCLProblem.isEmpty ? nil : worker.openCLProblem
    } else {
      for (name, value) in environment { setenv(name, value, 1) }
      let opened = try selection.open()
      mode = .here(CaseExecutor(variants: opened.variants, options: cases.options, check: check))
      variants = opened.variants.map { ($0.name, $0.deviceName) }
      openCLProblem = opened.openCLProblem
    }
    guard !variants.isEmpty else {
      throw DeviceError.unavailable(
        requested: "\(selection.device), \(selection.variant)", reason: openCLProblem ?? "there is no such variant")
    }
  }

  private static func reason(in words: String) -> String {
    let line = words.split(separator: "\n").last.map(String.init) ?? words
    guard let start = line.range(of: "cannot be used: ") else { return line }
    let reason = String(line[start.upperBound...])
    return reason.hasSuffix(".") ? String(reason.dropLast()) : reason
  }

  /// One record for each variant.
  func records(for text: String, names: [String] = []) throws -> [CaseRecord] {
    try plainRecords(for: text, names: names).map { record in
      var record = record
      record.check = check
      record.replayOptions = replayOptions
      return record
    }
  }

  private func plainRecords(for text: String, names: [String]) throws -> [CaseRecord] {
    switch mode {
    case .here(let executor): return try executor.records(for: text, names: names)
    case .child(let worker):
      var left = names.isEmpty ? variants.map(\.name) : names
      var records: [CaseRecord] = []
      while !left.isEmpty {
        let (done, lost) = try ask(worker, text, left)
        records += done
        // The records of a request come together, so those before a crash are run once more.
        guard let lost else { break }
        records.append(lost)
        left.removeAll { $0 == lost.variant }
      }
      let order = variants.map(\.name)
      return records.sorted { (order.firstIndex(of: $0.variant) ?? 0) < (order.firstIndex(of: $1.variant) ?? 0) }
    }
  }

  private func ask(_ worker: Worker, _ text: String, _ names: [String]) throws -> ([CaseRecord], CaseRecord?) {
    try worker.start()
    worker.send("\(names.joined(separator: ","))|\(text)")
    var (records, current) = ([CaseRecord](), names[0])
    while true {
      try Interruption.check()
      switch worker.next(within: timeout) {
      case .line(let line) where line.hasPrefix("begin "): current = String(line.dropFirst(6))
      case .line(let line) where line.hasPrefix("record "):
        records.append(try JSONDecoder().decode(CaseRecord.self, from: Data(line.dropFirst(7).utf8)))
      case .line(let line) where line.hasPrefix("refused "): throw UsageError(String(line.dropFirst(8)))
      case .line: return (records, nil)
      case .ended(let how):
        worker.stop()
        return (
          [], CaseRecord(text: text, seed: seed, variant: current, status: .crash, message: "the process \(how)")
        )
      case .late:
        worker.stop()
        return (
          [],
          CaseRecord(
            text: text, seed: seed, variant: current, status: .timeout,
            message: "nothing came back within \(timeout.formatted()) s")
        )
      }
    }
  }

  /// Lets a child end by itself.
  func finish() { if case .child(let worker) = mode { worker.finish() } }
  /// What a child printed to standard error so far.
  var complaints: String { if case .child(let worker) = mode { worker.complaints } else { "" } }
}
