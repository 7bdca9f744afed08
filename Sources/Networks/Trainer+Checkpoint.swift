import Checkpoints
import Compute
import Tensors
public import Foundation

extension Trainer {
  private static let format = "flawless-training/1"

  /// Writes everything that the rest of the training depends on to a safetensors file, whole or not at all: parameters under
  /// their names in PyTorch's layouts, running statistics, and what the optimiser remembers as `optimizer.<state>.<name>`.
  ///
  /// A file is only replaced by values that are numbers, so that the last checkpoint is always one to go on from.
  ///
  /// - Throws: ``TrainingError/notFinite(step:tensor:checkpoint:)``, `CheckpointError`, `DeviceError`.
  public func save(to url: URL) throws { try save(to: url, adding: [:], metadata: [:]) }

  /// - adding: what a loop around this wants to keep with it
  func save(to url: URL, adding extra: [String: HostTensor], metadata added: [String: String]) throws {
    var tensors: [String: HostTensor] = [:]
    for (name, shape, values) in try builder.values() { tensors[name] = HostTensor(shape: shape, values: values) }
    for optimizer in optimizers {
      for (state, array) in optimizer.state {
        for (index, parameter) in optimizer.arena.parameters.enumerated() {
          tensors[Self.name(state, parameter.name)] = HostTensor(
            shape: parameter.shape.extents, values: try optimizer.arena.part(index, of: array))
        }
      }
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) where !tensor.values.allSatisfy(\.isFinite) {
      throw TrainingError.notFinite(step: step, tensor: name, checkpoint: checkpoint)
    }
    let metadata = [
      "format": Self.format, "plan": try Self.text(plan), "step": "\(step)",
      "optimizer_steps": "\(optimizer.stepCount)",
    ]
    try SafetensorsFile.write(
      tensors.merging(extra) { own, _ in own }, metadata: metadata.merging(added) { own, _ in own }, to: url)
    checkpoint = url.path
  }

  /// Goes on from a file that ``save(to:)`` wrote in a training by the same plan.
  ///
  /// - Throws: ``TrainingError/checkpoint(path:reason:)`` when it is of another plan, `CheckpointError` when it is damaged or of
  ///   another network; the training is then to be given up.
  public func restore(from url: URL) throws { try restore(from: SafetensorsFile(path: url.path)) }

  func restore(from file: SafetensorsFile) throws {
    func refuse(_ reason: String) -> TrainingError { .checkpoint(path: file.path, reason: reason) }
    guard file.metadata["format"] == Self.format else { throw refuse("it is no checkpoint of a training") }
    guard file.metadata["plan"] == (try Self.text(plan)) else {
      throw refuse("it was written with other settings; train with the same ones, or start anew")
    }
    guard let step = file.metadata["step"].flatMap(Int.init), step >= 0,
      let optimizerSteps = file.metadata["optimizer_steps"].flatMap(Int.init), optimizerSteps >= 0
    else { throw refuse("its counters are missing") }
    try builder.setValues { try file.tensor(named: $0, shape: $1).values }
    for optimizer in optimizers {
      for (state, array) in optimizer.state {
        for (index, parameter) in optimizer.arena.parameters.enumerated() {
          let found = try file.tensor(named: Self.name(state, parameter.name), shape: parameter.shape.extents)
          try optimizer.arena.setPart(index, of: array, to: found.values)
        }
      }
      // All of them step together.
      optimizer.goOn(from: optimizerSteps)
    }
    goOn(from: step)
    checkpoint = file.path
  }

  private static func name(_ state: String, _ parameter: String) -> String { "optimizer.\(state).\(parameter)" }

  private static func text(_ plan: TrainingPlan) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(plan), as: UTF8.self)
  }
}
