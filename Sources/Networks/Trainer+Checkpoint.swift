import Checkpoints
import Compute
import Tensors
public import Foundation

extension Trainer {
  private static let format = "flawless-training/1"

  /// Writes everything that the rest of the training depends on to a safetensors file, whole or not at all: parameters under
  /// their names in PyTorch's layouts, running statistics, and what the optimiser remembers as `optimizer.<state>.<name>`.
  ///
  /// - Throws: `CheckpointError`, `DeviceError`.
  public func save(to url: URL) throws {
    var tensors: [String: HostTensor] = [:]
    for (name, shape, values) in try builder.values() { tensors[name] = HostTensor(shape: shape, values: values) }
    for (state, array) in optimizer.state {
      for (index, parameter) in optimizer.arena.parameters.enumerated() {
        tensors[Self.name(state, parameter.name)] = HostTensor(
          shape: parameter.shape.extents, values: try optimizer.arena.part(index, of: array))
      }
    }
    let metadata = [
      "format": Self.format, "plan": try Self.text(plan), "step": "\(step)",
      "optimizer_steps": "\(optimizer.stepCount)",
    ]
    try AtomicWriting.write(SafetensorsFile.encoded(tensors, metadata: metadata), to: url)
    checkpoint = url.path
  }

  /// Goes on from a file that ``save(to:)`` wrote in a training by the same plan.
  ///
  /// - Throws: ``TrainingError/checkpoint(path:reason:)`` when it is of another plan, `CheckpointError` when it is damaged or of
  ///   another network; the training is then to be given up.
  public func restore(from url: URL) throws {
    let file = try SafetensorsFile(path: url.path)
    func refuse(_ reason: String) -> TrainingError { .checkpoint(path: url.path, reason: reason) }
    guard file.metadata["format"] == Self.format else { throw refuse("it is no checkpoint of a training") }
    guard file.metadata["plan"] == (try Self.text(plan)) else {
      throw refuse("it was written with other settings; train with the same ones, or start anew")
    }
    guard let step = file.metadata["step"].flatMap(Int.init), step >= 0,
      let optimizerSteps = file.metadata["optimizer_steps"].flatMap(Int.init), optimizerSteps >= 0
    else { throw refuse("its counters are missing") }
    try builder.setValues { try file.tensor(named: $0, shape: $1).values }
    for (state, array) in optimizer.state {
      for (index, parameter) in optimizer.arena.parameters.enumerated() {
        let found = try file.tensor(named: Self.name(state, parameter.name), shape: parameter.shape.extents)
        try optimizer.arena.setPart(index, of: array, to: found.values)
      }
    }
    optimizer.goOn(from: optimizerSteps)
    goOn(from: step)
    checkpoint = url.path
  }

  private static func name(_ state: String, _ parameter: String) -> String { "optimizer.\(state).\(parameter)" }

  private static func text(_ plan: TrainingPlan) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(plan), as: UTF8.self)
  }
}
