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
  /// What levels' distances are measured in; nil where they are added as they are.
  private var units: LevelUnits?

  public init(
    _ configuration: ReverseDistillationConfiguration, backbone: any Backbone, file: any TensorFile,
    threshold: Threshold?, heldOut: HeldOutScores?, ignored: Mask?
  ) throws {
    try configuration.validate()
    try self.init(
      configuration, ReverseDistillationTeacher(configuration, backbone: backbone, ignored: ignored), file: file)
    self.threshold = threshold
    self.heldOut = heldOut
    if configuration.normalizesLevels {
      units = try LevelUnits(file, sides: teacher.sides, on: teacher.backbone.device)
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
    var tensors = try Dictionary(
      learnt.names.map { ($0, try learnt.tensor(named: $0)) }, uniquingKeysWith: { first, _ in first })
    if let units { tensors.merge(units.tensors) { first, _ in first } }
    return tensors
  }

  public func inspect(_ picture: NetworkPicture) throws -> Inspection {
    let map = try map(teacher.levels(of: picture))
    return Inspection(score: map.largest, map: map)
  }

  /// The levels' distances between student and teacher, in the levels' units where there are any, resized bilinearly (corners
  /// aligned) to network pixels, summed and smoothed. Where places are ignored, they count as the nearest ones that are not.
  ///
  /// - teachers: one picture's levels
  private func map(_ teachers: [Tensor]) throws -> AnomalyMap {
    let size = configuration.size
    let levels = try distances(teachers).enumerated().map { level, distances in
      var distances = try units?.measured(distances, level: level) ?? distances
      if !teacher.regions.isEmpty {
        let region = teacher.regions[level]
        let flat = try distances.reshaped(to: [distances.shape.count, 1])
        distances = try region.spread(region.inspected(flat)).reshaped(to: distances.shape)
      }
      return try distances.resampled(.bilinearAlignCorners, height: size, width: size)
    }
    let sum = try levels.dropFirst().reduce(levels[0]) { try $0.combined(.add, with: $1) }
    let values = try sum.gaussianSmoothed(sigma: configuration.smoothingSigma).values()
    guard values.allSatisfy(\.isFinite) else { throw DetectorError.notFinite(what: "A distance of the student") }
    return AnomalyMap(width: size, height: size, values: values, ignored: ignored)
  }

  /// [1, side, side, 1] for every level.
  private func distances(_ teachers: [Tensor]) throws -> [Tensor] {
    try zip(student(teachers, .inference), teachers).map { try ReverseDistillationDistance.map($0, $1) }
  }

  /// This model with the units of its levels in normal pictures, where the configuration asks for them.
  ///
  /// - levels: the teacher's of a picture
  func measured(in pictures: Int, _ levels: (Int) throws -> [Tensor]) throws -> ReverseDistillation {
    guard configuration.normalizesLevels else { return self }
    var observations = teacher.sides.enumerated().map { level, side in
      LevelUnits.Observation(
        side: side,
        inspected: teacher.regions.isEmpty ? Array(0..<side * side) : teacher.regions[level].patches.map(Int.init))
    }
    for picture in 0..<pictures {
      for (level, distances) in try distances(levels(picture)).enumerated() {
        observations[level].add(try distances.values())
      }
    }
    var model = self
    model.units = try LevelUnits(observations.map(\.level), sides: teacher.sides, on: teacher.backbone.device)
    return model
  }

  /// - teachers: one picture's levels
  func score(_ teachers: [Tensor]) throws -> HeldOutScores.Score {
    let largest = try map(teachers).largest
    return HeldOutScores.Score(picture: largest, largestPixel: largest)
  }

  /// This model with its threshold.
  func judged(by heldOut: HeldOutScores) throws -> ReverseDistillation {
    var model = self
    model.heldOut = heldOut
    model.threshold = try heldOut.threshold(falseAlarmRate: configuration.falseAlarmRate)
    return model
  }
}
