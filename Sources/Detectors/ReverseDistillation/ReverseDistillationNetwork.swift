import Compute
package import Networks
package import Tensors

/// The student of reverse distillation (Deng and Li 2022, arXiv 2201.10703): a one-class bottleneck and a decoder that gives
/// the teacher's features back, for pictures without defects.
///
/// Names are those of the authors' checkpoints, `{bn, decoder}`: `bn.conv1.weight`, `decoder.layer1.0.conv1.weight` and so on.
///
/// It is trained as it is made from a builder; ``folded()`` is what scores pictures.
package struct ReverseDistillationNetwork<Convolution: StudentConvolution> {
  private let shallow: [Convolution]
  private let middle: Convolution
  private let embedding: [ResidualBlock<Convolution>]
  private let decoder: [[ResidualBlock<Convolution>]]

  /// - features: the teacher's levels, from shallow to deep: [batch, height, width, channels] each, sizes halved from one to
  ///   the next
  /// - result: the same shapes
  package func callAsFunction(_ features: [Tensor], _ pass: Pass) throws -> [Tensor] {
    let first = try shallow.reduce(features[0]) { try $1($0, residual: nil, isRectified: true, pass) }
    let second = try middle(features[1], residual: nil, isRectified: true, pass)
    let fused = try Tensor.concatenated([first, second, features[2]], axis: 3)
    var x = try embedding.reduce(fused) { try $1($0, pass) }
    var levels: [Tensor] = []
    for stage in decoder {
      x = try stage.reduce(x) { try $1($0, pass) }
      levels.append(x)
    }
    return levels.reversed()
  }
}

extension ReverseDistillationNetwork: Sendable where Convolution: Sendable {}

extension ReverseDistillationNetwork<TrainedConvolution> {
  package init(_ plan: ReverseDistillationPlan, _ builder: NetworkBuilder) throws {
    let bottleneck = builder["bn"]
    func halving(_ place: Int, _ inputs: Int, _ outputs: Int) throws -> TrainedConvolution {
      try TrainedConvolution(
        bottleneck, names: ("conv\(place)", "bn\(place)"), inputs: inputs, outputs: outputs, kernel: 3, change: .halved)
    }
    shallow = [try halving(1, plan.channels[0], plan.halved), try halving(2, plan.halved, plan.fused)]
    middle = try halving(3, plan.channels[1], plan.fused)
    embedding = try ResidualBlock.stage(
      bottleneck["bn_layer"], plan.block, plan.embedding, inputs: 2 * plan.fused + plan.channels[2], change: .halved)
    var inputs = plan.embedding.outputs
    var stages: [[ResidualBlock<TrainedConvolution>]] = []
    for (index, stage) in plan.decoder.enumerated() {
      stages.append(
        try ResidualBlock.stage(
          builder["decoder"]["layer\(index + 1)"], plan.block, stage, inputs: inputs, change: .doubled,
          endsRectified: plan.isRectified))
      inputs = stage.outputs
    }
    decoder = stages
  }

  /// The same for inference; shares nothing with this one.
  package func folded() throws -> ReverseDistillationNetwork<FoldedStudentConvolution> {
    ReverseDistillationNetwork<FoldedStudentConvolution>(
      shallow: try shallow.map { try $0.folded() }, middle: try middle.folded(),
      embedding: try embedding.map { try $0.map { try $0.folded() } },
      decoder: try decoder.map { try $0.map { try $0.map { try $0.folded() } } })
  }
}

/// What students are trained to make small, and what they are judged by.
package enum ReverseDistillationDistance {
  /// The sum over levels of `1 − cos`, the cosine of all of a picture's features flattened, averaged over the batch.
  ///
  /// The paper's equation 1 has a cosine at every place; the authors' program flattens, which does better.
  package static func loss(_ students: [Tensor], _ teachers: [Tensor]) throws -> Tensor {
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
  package static func map(_ student: Tensor, _ teacher: Tensor) throws -> Tensor {
    let shape = student.shape
    let rows: Shape = [shape.count / shape[3], shape[3]]
    return try student.reshaped(to: rows).rowCosines(with: teacher.reshaped(to: rows)).affine(scale: -1, shift: 1)
      .reshaped(to: [shape[0], shape[1], shape[2], 1])
  }
}
