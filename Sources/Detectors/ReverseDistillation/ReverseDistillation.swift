public import Backbones
public import Checkpoints
import Compute
public import Images
import Networks
import Tensors

/// Reverse Distillation (Deng and Li 2022, arXiv 2201.10703): a student that has seen normal pictures only gives a teacher's
/// features back from a narrow embedding; where it cannot, the picture is anomalous.
public struct ReverseDistillation: Detector {
  public static let trainsInSteps = true

  public let configuration: ReverseDistillationConfiguration
  public var threshold: Threshold?
  public internal(set) var heldOut: HeldOutScores?
  let teacher: ReverseDistillationTeacher
  private let student: ReverseDistillationNetwork<FoldedStudentConvolution>
  /// The student's values under the names of the authors' checkpoints.
  private let learnt: any TensorFile
  /// What distances are measured by; nil where they count as they are.
  private var normal: NormalDistances?

  public init(
    _ configuration: ReverseDistillationConfiguration, backbone: any Backbone, file: any TensorFile,
    threshold: Threshold?, heldOut: HeldOutScores?, ignored: Mask?
  ) throws {
    try configuration.validate()
    try self.init(
      configuration, ReverseDistillationTeacher(configuration, backbone: backbone, ignored: ignored), file: file)
    self.threshold = threshold
    self.heldOut = heldOut
    if configuration.isNormalized {
      normal = try NormalDistances(file, sides: teacher.sides, on: teacher.backbone.device)
    }
  }

  /// - Throws: `CheckpointError` when the file's names or shapes are not those of the teacher's student.
  init(
    _ configuration: ReverseDistillationConfiguration, _ teacher: ReverseDistillationTeacher, file: any TensorFile
  ) throws {
    self.configuration = configuration
    self.teacher = teacher
    let builder = NetworkBuilder(on: teacher.backbone.device)
    student = try ReverseDistillationNetwork(teacher.plan, builder, file).folded()
    learnt = try builder.hostTensors(from: file.path)
  }

  public var backbone: any Backbone { teacher.backbone }
  public var ignored: Mask? { teacher.regions.first?.ignored }
  public var gridPatches: Int {
    (configuration.size / teacher.plan.strides[0]) * (configuration.size / teacher.plan.strides[0])
  }
  public var patchesPerPicture: Int { teacher.regions.first?.patches.count ?? gridPatches }
  public var extent: String {
    let count = learnt.names.reduce(0) { sum, name in
      sum + ((try? learnt.shape(of: name))?.reduce(1, *) ?? 0)
    }
    return "a student of \(count) values"
  }

  public func tensors() throws -> [String: HostTensor] {
    let student = try learnt.names.map { ($0, try learnt.tensor(named: $0)) }
    return try Dictionary(
      student + (normal?.tensors() ?? [:]).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
  }

  public func inspect(_ picture: NetworkPicture) throws -> Inspection {
    let map = try map(distances(teacher.levels(of: picture)), normal)
    return Inspection(score: map.largest, map: map)
  }

  /// The levels' distances between student and teacher: [1, side, side, 1] each. Where places are ignored, those of the
  /// nearest ones that are not.
  ///
  /// - teachers: one picture's levels
  func distances(_ teachers: [Tensor]) throws -> [Tensor] {
    try zip(student(teachers, .inference), teachers).enumerated().map { level, pair in
      let distances = try ReverseDistillationDistance.map(pair.0, pair.1)
      guard !teacher.regions.isEmpty else { return distances }
      let region = teacher.regions[level]
      let flat = try distances.reshaped(to: [distances.shape.count, 1])
      return try region.spread(region.inspected(flat)).reshaped(to: distances.shape)
    }
  }

  /// The levels' distances, or what they are beside normal ones, resized bilinearly (corners aligned) to network pixels,
  /// summed and smoothed.
  private func map(_ distances: [Tensor], _ normal: NormalDistances?) throws -> AnomalyMap {
    let size = configuration.size
    let levels = try distances.enumerated().map { level, distances in
      try (normal?.normalized(distances, level: level) ?? distances)
        .resampled(.bilinearAlignCorners, height: size, width: size)
    }
    let sum = try levels.dropFirst().reduce(levels[0]) { try $0.combined(.add, with: $1) }
    let values = try sum.gaussianSmoothed(sigma: configuration.smoothingSigma).values()
    guard values.allSatisfy(\.isFinite) else { throw DetectorError.notFinite(what: "A distance of the student") }
    return AnomalyMap(width: size, height: size, values: values, ignored: ignored)
  }

  /// This model, with what is normal for it and its threshold.
  ///
  /// - heldOut: the levels' distances of normal pictures that were held out; each one is judged by the others
  /// - origin: says where the scores come from
  func judged(
    by heldOut: [[Tensor]], _ origin: ([HeldOutScores.Score]) -> HeldOutScores
  ) throws -> ReverseDistillation {
    let values = try heldOut.map { try $0.map { try $0.values() } }
    var sums = teacher.sides.map { NormalDistances.Sums(side: $0) }
    for picture in values {
      for level in sums.indices { sums[level].add(picture[level]) }
    }
    let device = teacher.backbone.device
    var model = self
    if configuration.isNormalized { model.normal = try NormalDistances(sums, on: device) }
    let scores = try zip(heldOut, values).map { distances, values in
      let others = heldOut.count > 1 ? zip(sums, values).map { $0.without($1) } : sums
      let normal = configuration.isNormalized ? try NormalDistances(others, on: device) : nil
      let largest = try map(distances, normal).largest
      return HeldOutScores.Score(picture: largest, largestPixel: largest)
    }
    model.heldOut = origin(scores)
    model.threshold = try model.heldOut?.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }
}
