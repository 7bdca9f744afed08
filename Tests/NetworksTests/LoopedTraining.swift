import Compute
import Foundation
import Networks
import Tensors
import TestSupport

/// A loop around the small residual network on made-up pictures of five classes; two of ten pictures are held out.
struct LoopedTraining {
  let loop: TrainingLoop
  let network: ResidualNetwork
  let folder: URL
  private let pictures, labels: Tensor
  private let split = ExampleSplit(examples: 10, fraction: 0.2, seed: 1)

  static let steps = 9
  struct Stop: Error {}

  var trainer: Trainer { loop.trainer }
  var checkpoint: URL { folder.appendingPathComponent("checkpoint.safetensors") }
  var log: URL { folder.appendingPathComponent("log.jsonl") }
  var curve: URL { folder.appendingPathComponent("curve.svg") }

  init(
    _ device: any Device, in folder: URL, rate: Double = 0.01, batch: Int = 4, side: Int = 7,
    _ change: (inout LoopSettings) -> Void = { _ in }
  ) throws {
    self.folder = folder
    let builder = NetworkBuilder(on: device, seed: 5)
    network = try ResidualNetwork(builder)
    let plan = TrainingPlan(
      steps: Self.steps, batch: batch, rate: .cosine(rate, warmUp: 2, total: 20), rule: .adam(), clippingNorm: 1,
      seed: 11)
    var settings = LoopSettings(
      checkpoint: folder.appendingPathComponent("checkpoint.safetensors"),
      log: folder.appendingPathComponent("log.jsonl"), curve: folder.appendingPathComponent("curve.svg"),
      validationSteps: 2, averageDecay: 0.5)
    change(&settings)
    loop = try TrainingLoop(Trainer(plan, builder, examples: split.training.count), settings)
    let size = (side + 2) * side * 3
    var random = Reproducible(4)
    pictures = try Tensor(random.floats(10 * size), shape: [10, side + 2, side, 3], on: device)
    labels = try Tensor((0..<50).map { $0 % 5 == $0 / 5 % 5 ? 1 : 0 }, shape: [10, 5], on: device)
  }

  func loss(_ examples: [Int], _ pass: Pass) throws -> Tensor {
    let rows = try IndexStorage(examples.map(Int32.init), on: pictures.device)
    let shape = pictures.shape
    let x = try pictures.reshaped(to: [10, shape.count / 10]).gatheredRows(rows)
      .reshaped(to: [examples.count, shape[1], shape[2], 3])
    return try Loss.crossEntropy(network(x, pass), labels: labels.gatheredRows(rows))
  }

  func losses(_ step: TrainingStep) throws -> [(name: String, value: Tensor)] {
    let value = try loss(step.examples.map { split.training[$0] }, step.pass)
    return [("cross-entropy", value), ("half", try value.detached.affine(scale: 0.5, shift: 0))]
  }

  func validate() throws -> [(name: String, value: Double)] {
    [("held out", Double(try loss(split.validation, .inference).values()[0]))]
  }

  /// - stop: throws after so many steps
  @discardableResult func run(resuming: Bool = false, stop: Int? = nil) throws -> TrainingOutcome {
    try loop.run(resuming: resuming, losses: losses, validation: validate) {
      if $0.report.step == stop { throw Stop() }
    }
  }

  func values() throws -> [[Float]] {
    try trainer.builder.values().map(\.values) + trainer.optimizer.state.map { try $0.array.values() }
      + [loop.average?.average.values() ?? []]
  }

  /// The log's lines without times.
  func logged() throws -> [NSDictionary] {
    try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map { line in
      var object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      guard object.removeValue(forKey: "seconds") is Double else { throw Stop() }
      return object as NSDictionary
    }
  }
}
