import Compute
public import Networks
public import Tensors

/// The student of reverse distillation (Deng and Li 2022, arXiv 2201.10703): a one-class bottleneck and a decoder that gives
/// the teacher's features back, for pictures without defects.
///
/// Names are those of the authors' checkpoints, `{bn, decoder}`: `bn.conv1.weight`, `decoder.layer1.0.conv1.weight` and so on.
public struct ReverseDistillationNetwork {
  public let plan: ReverseDistillationPlan
  private let shallow: [NormalizedConvolution]
  private let middle: NormalizedConvolution
  private let embedding: [ResidualBlock]
  private let decoder: [[ResidualBlock]]

  public init(_ plan: ReverseDistillationPlan, _ builder: NetworkBuilder) throws {
    self.plan = plan
    let bottleneck = builder["bn"]
    func halving(_ place: Int, _ inputs: Int, _ outputs: Int) throws -> NormalizedConvolution {
      try NormalizedConvolution(
        bottleneck, names: ("conv\(place)", "bn\(place)"), inputs: inputs, outputs: outputs, kernel: 3, change: .halved)
    }
    shallow = [try halving(1, plan.channels[0], plan.halved), try halving(2, plan.halved, plan.fused)]
    middle = try halving(3, plan.channels[1], plan.fused)
    embedding = try residualStage(
      bottleneck["bn_layer"], plan.block, plan.embedding, inputs: 2 * plan.fused + plan.channels[2], change: .halved)
    var inputs = plan.embedding.outputs
    var stages: [[ResidualBlock]] = []
    for (index, stage) in plan.decoder.enumerated() {
      stages.append(
        try residualStage(builder["decoder"]["layer\(index + 1)"], plan.block, stage, inputs: inputs, change: .doubled))
      inputs = stage.outputs
    }
    decoder = stages
  }

  /// - features: the teacher's levels, from shallow to deep: [batch, height, width, channels] each, sizes halved from one to
  ///   the next
  /// - result: the same shapes
  public func callAsFunction(_ features: [Tensor], _ pass: Pass) throws -> [Tensor] {
    let first = try shallow.reduce(features[0]) { try $1($0, pass).activated(.relu) }
    let second = try middle(features[1], pass).activated(.relu)
    let fused = try Tensor.concatenated([first, second, features[2]], axis: 3)
    var x = try embedding.reduce(fused) { try $1($0, pass) }
    var levels: [Tensor] = []
    for stage in decoder {
      x = try stage.reduce(x) { try $1($0, pass) }
      levels.append(x)
    }
    return levels.reversed()
  }

  /// The sum over levels of `1 − cos`, the cosine of all of a picture's features flattened, averaged over the batch.
  ///
  /// The paper's equation 1 has a cosine at every place; the authors' program flattens, which does better.
  public static func loss(_ students: [Tensor], _ teachers: [Tensor]) throws -> Tensor {
    let parts = try zip(students, teachers).map { student, teacher in
      let rows: Shape = [student.shape[0], student.shape.count / student.shape[0]]
      return try student.reshaped(to: rows).rowCosines(with: teacher.reshaped(to: rows)).reduced(.mean)
        .affine(scale: -1, shift: 1)
    }
    return try parts.dropFirst().reduce(parts[0]) { try $0.combined(.add, with: $1) }
  }

  /// `1 − cos` along the channels at every place of a level.
  ///
  /// - result: [batch, height, width, 1]
  public static func distances(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
    let shape = student.shape
    let rows: Shape = [shape.count / shape[3], shape[3]]
    return try student.reshaped(to: rows).rowCosines(with: teacher.reshaped(to: rows)).affine(scale: -1, shift: 1)
      .reshaped(to: [shape[0], shape[1], shape[2], 1])
  }
}
