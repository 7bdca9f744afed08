package import Checkpoints
package import Networks
import Tensors

extension ReverseDistillationNetwork<TrainedConvolution> {
  /// A student with a file's values: our own, or a checkpoint `{bn, decoder}` of the authors' program.
  ///
  /// - Throws: `CheckpointError` for a missing name or another shape, ``DetectorError`` for a name that is no part of the
  ///   student, or for values that are not finite.
  package init(_ plan: ReverseDistillationPlan, _ builder: NetworkBuilder, _ file: any TensorFile) throws {
    try self.init(plan, builder)
    let names = Set(builder.parameters.map(\.name) + builder.statistics.map(\.name))
    if let other = file.names.first(where: { !names.contains($0) && !Self.isUnused($0) }) {
      throw DetectorError.model(path: file.path, reason: "'\(other)' is no part of the backbone's student")
    }
    try builder.setValues { name, shape in
      let values = try file.tensor(named: name, shape: shape).values
      guard values.allSatisfy(\.isFinite) else { throw DetectorError.notFinite(what: "'\(name)' in \(file.path)") }
      return values
    }
  }

  /// What files hold beside the student. The authors' have a convolution that their program never runs, and counters; ours
  /// what levels are measured in.
  private static func isUnused(_ name: String) -> Bool {
    LevelUnits.names.contains(name) || name.hasPrefix("bn.conv4.") || name.hasPrefix("bn.bn4.")
      || name.hasSuffix(".num_batches_tracked")
  }
}

extension NetworkBuilder {
  /// A host copy of all values.
  ///
  /// - path: where they come from, for messages
  func hostTensors(from path: String) throws -> HostTensors {
    HostTensors(
      Dictionary(
        try values().map { ($0.name, HostTensor(shape: $0.shape, values: $0.values)) },
        uniquingKeysWith: { first, _ in first }), from: path)
  }
}
