public import Backbones
public import Checkpoints
public import Compute
public import Tensors

/// How far pictures lie apart in a network's features.
public enum PerceptualLoss: Sendable {
  /// The learned distance on VGG16 that the published models were trained with.
  case lpips(LPIPS)
  /// Ours: LPIPS' form with equal weights on a backbone's features. The mean over taps and places of `½ |f̂ − ĝ|²`, with f̂ and ĝ
  /// the features' channels divided by their length, which is one minus their cosine.
  case features(any Backbone, strides: [Int])

  public enum Kind: String, CaseIterable, Codable, Sendable {
    case lpips
    /// On EfficientNet-Lite0 at strides 4, 8 and 16.
    case features
    case none
  }

  public static let strides = [4, 8, 16]

  /// The kind whose weights are there: LPIPS, else features.
  public static func usual(in cache: WeightsCache = .standard) -> Kind {
    let hasLPIPS = [KnownWeights.vgg16, .lpipsHeads].allSatisfy { (try? cache.locate($0)) != nil }
    return hasLPIPS ? .lpips : .features
  }

  /// Loads a kind's networks; nil for none.
  ///
  /// - Throws: `CheckpointError` naming what is missing.
  public static func loaded(
    _ kind: Kind, cache: WeightsCache = .standard, on device: any Device
  ) throws -> PerceptualLoss? {
    switch kind {
    case .none: return nil
    case .features:
      return .features(try LoadedBackbone(.efficientNetLite0, cache: cache, on: device).backbone, strides: strides)
    case .lpips:
      let trunk = try LoadedBackbone(.vgg16, cache: cache, on: device).backbone
      return .lpips(try LPIPS(trunk: trunk, heads: openTensorFile(cache.locate(.lpipsHeads))))
    }
  }

  /// - x, y: [batch, height, width, 3], RGB in −1…1
  /// - result: [1], the mean over the batch
  public func callAsFunction(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    switch self {
    case .lpips(let lpips): return try lpips.distances(x, y).reduced(.mean)
    case .features(let backbone, let strides):
      let features = try [x, y].map {
        try backbone.features(backbone.normalization($0.affine(scale: 127.5, shift: 127.5)), strides: strides)
      }
      let parts = try zip(features[0], features[1]).map { f, g in
        let weight = 0.5 / Float(strides.count)
        return try f.featureDistances(to: g, weights: .filled(weight, shape: [f.shape[3]], on: f.device)).reduced(.mean)
      }
      return try parts.dropFirst().reduce(parts[0]) { try $0.combined(.add, with: $1) }
    }
  }
}
