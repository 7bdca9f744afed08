import Benchmarking
import ComputeOpenCL
import Foundation
import ToolSupport

/// Chooses the tiles of one family on one device: candidates are verified each in a child of its own, and timed in one.
struct Tuner {
  let variant: OpenCLVariant
  /// As a person has named it.
  let device: String
  let kernelFolder: String?
  /// Seconds that one child may take.
  let timeout: Double
  let note: (String) throws -> Void

  struct Result {
    var entries: [Tuning.Entry] = []
    /// What was timed: candidate, median ratio, rounds.
    var timed: [(choice: String, ratio: Double, rounds: Int)] = []
    var untried: [String] = []
    var problem: String?
  }

  /// - known: entries of earlier runs, whose wrong candidates are not tried again
  /// - budget: seconds
  func tune(_ family: TunedFamily, known: [Tuning.Entry], budget: Double) throws -> Result {
    var result = Result()
    let end = ContinuousClock.now + .seconds(budget)
    let source = try Tuning.sourceHash(family.files, folder: kernelFolder)
    let wrong = Set(
      known.filter { $0.verdict == .wrong && $0.source == source && $0.files == family.files }.map(\.parameters))
    var right: [String] = []
    for candidate in family.candidates where isPossible(candidate) && !wrong.contains(candidate) {
      // Half of the time is for timing; one candidate is tried however little time there is.
      guard right.isEmpty || ContinuousClock.now + .seconds(budget / 2) < end else {
        result.untried.append(candidate)
        continue
      }
      let outcome = try child(.verify, family, [candidate])
      if outcome.end == .code(0) {
        right.append(candidate)
      } else {
        try note("\(family.name), \(candidate): \(outcome.explanation)")
        result.entries.append(entry(family, candidate, .wrong, nil, source))
      }
    }
    guard !right.isEmpty else { return result }
    let left = max((end - ContinuousClock.now) / .seconds(1), 1)
    guard let ratios = try race(family, right, seconds: left, &result) else { return result }
    var race = CandidateRace(candidates: right.count)
    for round in 0..<(ratios.map(\.count).max() ?? 0) { race.add(race.survivors.map { ratios[$0][round] }) }
    result.timed = right.indices.map { (right[$0], race.median($0), ratios[$0].count) }
    if let winner = race.winner {
      result.entries.append(entry(family, right[winner], .chosen, race.median(winner), source))
    }
    return result
  }

  private func race(
    _ family: TunedFamily, _ candidates: [String], seconds: Double, _ result: inout Result
  ) throws -> [[Double]]? {
    let folder = try TemporaryFolder()
    let outcome = try child(
      .time, family, candidates, ["--budget", "\(seconds)", "--result", folder.path("ratios")])
    guard outcome.end == .code(0),
      let ratios = try? JSONDecoder().decode([[Double]].self, from: Data(folder.text("ratios").utf8))
    else {
      result.problem = outcome.explanation
      return nil
    }
    return ratios
  }

  /// Another one than the built-in sizes, for which the device has the memory.
  private func isPossible(_ candidate: String) -> Bool {
    TilingChoice(candidate).map { !variant.device.holds($0) && variant.device.fits($0) } ?? false
  }

  private func entry(
    _ family: TunedFamily, _ candidate: String, _ verdict: Tuning.Entry.Verdict, _ ratio: Double?, _ source: String
  ) -> Tuning.Entry {
    Tuning.Entry(
      files: family.files, shape: family.shape, choice: TilingChoice(candidate) ?? TilingChoice(), verdict: verdict,
      ratio: ratio, source: source)
  }

  private func child(
    _ task: TuneWorkerCommand.Task, _ family: TunedFamily, _ candidates: [String], _ more: [String] = []
  ) throws -> ChildProcess.Outcome {
    try ChildProcess(
      arguments: [
        "tune-worker", "--task", task.rawValue, "--family", family.name, "--device", device, "--variant",
        variant.name,
      ] + (kernelFolder.map { ["--kernel-dir", $0] } ?? []) + more + ["--choices"] + candidates, timeout: timeout
    ).run()
  }
}
