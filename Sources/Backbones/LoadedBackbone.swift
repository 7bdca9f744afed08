public import Checkpoints
public import Compute

extension BackboneKind {
  /// The weights that this backbone was made for.
  public var weights: KnownWeights {
    switch self {
    case .efficientNetLite0: .efficientNetLite0
    case .resNet18: .resNet18
    case .wideResNet50x2: .wideResNet50x2
    }
  }

  /// The network with the tensors of a file, or of ``RandomWeights``.
  public func network(_ file: any TensorFile, on device: any Device) throws -> any Backbone {
    switch self {
    case .efficientNetLite0: try EfficientNetLite0(file, on: device)
    case .resNet18: try ResNet(self, .resNet18, file, on: device)
    case .wideResNet50x2: try ResNet(self, .wideResNet50x2, file, on: device)
    }
  }
}

/// A backbone with the hash of the weights it was loaded from: models are bound to that.
public struct LoadedBackbone: Sendable {
  public let backbone: any Backbone
  public let weightsSHA256: String

  /// Loads from a file that a person names, or else from the cache, where the contents must be the pinned ones.
  ///
  /// - weights: a path, or "random:" and a seed, which then stands for the hash
  /// - Throws: `CheckpointError` when the file is missing, damaged, or of another network.
  public init(
    _ kind: BackboneKind, weights path: String? = nil, cache: WeightsCache = .standard, on device: any Device
  ) throws {
    if let path, let seed = RandomWeights.seed(parsing: path) {
      weightsSHA256 = path
      backbone = try kind.network(RandomWeights(seed: seed), on: device)
      return
    }
    let file = try path ?? cache.locate(kind.weights)
    weightsSHA256 = try SHA256.hash(fileAt: file)
    guard path != nil || weightsSHA256 == kind.weights.sha256 else {
      throw CheckpointError.hash(path: file, expected: kind.weights.sha256, found: weightsSHA256)
    }
    backbone = try kind.network(openTensorFile(file), on: device)
  }
}
