import ArgumentParser
import Benchmarking
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// A child that tries candidates: it verifies one, or times several in turn.
struct TuneWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "tune-worker", shouldDisplay: false)

  enum Task: String, CaseIterable, ExpressibleByArgument { case verify, time }

  @OptionGroup var devices: VariantArguments
  @Option var task: Task
  @Option var family: String
  @Option(parsing: .upToNextOption) var choices: [String]
  /// Seconds after which no further round begins.
  @Option var budget = 10.0
  /// Where the ratios go, as JSON: a list for each choice.
  @Option var result: String?

  private static let rounds = 7
  private static let fewestRounds = 3
  /// Larger cases of the suite say nothing more, and their references take long.
  private static let largestWork = 60_000
  private static let difference = 1e-5

  func run() throws {
    guard let family = TunedFamily.all.first(where: { $0.name == family }) else {
      throw UsageError("There is no family '\(family)'.")
    }
    switch task {
    case .verify: try verify(family)
    case .time: try time(family)
    }
  }

  private func device(_ text: String) throws -> OpenCLDevice {
    guard let choice = TilingChoice(text) else { throw UsageError("'\(text)' is no choice of tiles.") }
    var selection = devices.selection
    selection.kernelFolder = devices.kernels.kernelDir
    (selection.usesTuning, selection.choice, selection.joinsLaunches) = (false, choice, false)
    guard let device = try selection.open().variants.lazy.compactMap({ $0.device as? OpenCLDevice }).first else {
      throw UsageError("There is no OpenCL variant '\(devices.variant)' here.")
    }
    return device
  }

  /// The suite of the family's operations against the references, between guards.
  private func verify(_ family: TunedFamily) throws {
    let device = try device(choices.first ?? "")
    for operation in OpCatalogue.operations where family.operations.contains(operation.name) {
      for made in try operation.suite.map(operation.makeCase) where made.work <= Self.largestWork {
        let result = try made.result(made.prepared(.normal, seed: 42), on: device, CaseOptions())
        guard result.status != .failed else { throw Failure("\(made.text(.normal)): \(result.message)") }
      }
    }
  }

  /// Each timed case on the built-in tiles, then on each candidate's.
  private func time(_ family: TunedFamily) throws {
    let incumbent = try device("")
    let candidates = try choices.map { try device($0) }
    let cases = try family.timed.map { text in
      let made = try OpCatalogue.makeCase(parsing: text).case
      let inputs = made.hostInputs(.normal, seed: 42)
      return try RacedCase(made, inputs, incumbent: incumbent, candidates: candidates)
    }
    var race = CandidateRace(candidates: choices.count)
    for (index, choice) in choices.enumerated() {
      for raced in cases where raced.differences[index] > Self.difference {
        throw Failure("'\(choice)' computes another result of \(raced.name)")
      }
    }
    let end = ContinuousClock.now + .seconds(budget)
    for round in 0..<Self.rounds where round < Self.fewestRounds || ContinuousClock.now < end {
      let ratios = try cases.map { try $0.round(race.survivors, number: round) }
      // The geometric mean over the cases.
      race.add(
        race.survivors.indices.map { place in
          exp(ratios.reduce(0) { $0 + log($1[place]) } / Double(cases.count))
        })
    }
    guard let result else { return }
    try OutputFile.write(JSONEncoder().encode(race.ratios), to: result)
  }
}

/// One case on the built-in tiles and on each candidate's.
private struct RacedCase {
  let name: String
  /// How far each candidate's outputs are from the built-in tiles'.
  let differences: [Double]
  private let incumbent: BlockTimer.Work
  private let candidates: [BlockTimer.Work]
  private let launches: Int
  private let timer = BlockTimer()

  init(_ made: OpCase, _ inputs: OpCase.Inputs, incumbent: OpenCLDevice, candidates: [OpenCLDevice]) throws {
    name = "\(made.operation) \(made.parameters)"
    let first = try LoadedCase(made, inputs, on: incumbent)
    let others = try candidates.map { try LoadedCase(made, inputs, on: $0) }
    self.incumbent = CaseBench.work(first, on: incumbent)
    self.candidates = zip(others, candidates).map { CaseBench.work($0, on: $1) }
    for work in [self.incumbent] + self.candidates { try work(1) }
    let expected = try first.outputs()
    differences = try others.map { CaseBench.difference(try $0.outputs(), expected) }
    launches = try timer.launches(self.incumbent)
  }

  /// The time of each survivor over that of the built-in tiles, around which it runs.
  func round(_ survivors: [Int], number: Int) throws -> [Double] {
    var ratios = [Double](repeating: .nan, count: survivors.count)
    // Another one begins each round.
    for step in survivors.indices {
      let place = (step + number) % survivors.count
      let before = try timer.seconds(launches, incumbent)
      let seconds = try timer.seconds(launches, candidates[survivors[place]])
      let after = try timer.seconds(launches, incumbent)
      ratios[place] = 2 * seconds / (before + after)
    }
    return ratios
  }
}
