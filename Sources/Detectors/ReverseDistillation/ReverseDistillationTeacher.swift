import Backbones
import Compute
import Images
import Tensors

/// The teacher: a backbone's features at three strides, of the part of the picture that counts.
struct ReverseDistillationTeacher: Sendable {
  let backbone: any Backbone
  let size: Int
  let plan: ReverseDistillationPlan
  /// For every level; empty where the whole picture counts.
  let regions: [InspectedRegion]
  /// For every level [height, width, channels], 0 where ignored and 1 elsewhere.
  private let weights: [Storage]

  init(_ configuration: ReverseDistillationConfiguration, backbone: any Backbone, ignored: Mask?) throws {
    let plan = try ReverseDistillationPlan.plan(for: configuration.backbone)
    let size = configuration.size
    self.backbone = backbone
    self.size = size
    self.plan = plan
    let regions = try ignored.map { mask in
      try plan.strides.map { try InspectedRegion(ignored: mask, grid: size / $0, size: size, on: backbone.device) }
    }
    self.regions = regions ?? []
    weights = try zip(self.regions, plan.channels).map { region, channels in
      try Storage(region.weights.flatMap { [Float](repeating: $0, count: channels) }, on: backbone.device)
    }
  }

  /// Of the levels' grids.
  var sides: [Int] { plan.strides.map { size / $0 } }

  /// Floats of a picture's features.
  var floatsPerPicture: Int {
    zip(plan.strides, plan.channels).reduce(0) { $0 + (size / $1.0) * (size / $1.0) * $1.1 }
  }

  /// The levels' features from shallow to deep, 0 where ignored: [1, height, width, channels] each.
  func levels(of picture: NetworkPicture) throws -> [Tensor] {
    let seen = regions.first?.filled(picture, fill: backbone.normalization.offset) ?? picture
    let input = try backbone.normalization(Tensor(seen.values, shape: [1, size, size, 3], on: backbone.device))
    return try inspected(backbone.features(input, strides: plan.strides))
  }

  /// The levels with what is ignored set to 0.
  ///
  /// - levels: [batch, height, width, channels] each
  func inspected(_ levels: [Tensor]) throws -> [Tensor] {
    guard !weights.isEmpty else { return levels }
    return try zip(levels, weights).map { level, weight in
      try level.reshaped(to: [level.shape[0], weight.count])
        .combined(.multiply, with: Tensor(weight, shape: [weight.count])).reshaped(to: level.shape)
    }
  }
}
