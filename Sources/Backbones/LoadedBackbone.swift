public import Checkpoints
public import Compute

/// A network put together from its plan and a file's tensors.
struct ConvolutionalNetwork: Backbone {
  let kind: BackboneKind
  let device: any Device
  let layers: [NetworkLayer<FoldedConvolution>]
  let taps: [FeatureTap]
  let normalization: PixelNormalization
}

extension BackboneKind {
  /// The weights that this backbone was made for.
  public var weights: KnownWeights {
    switch self {
    case .efficientNetLite0: .efficientNetLite0
    case .resNet18: .resNet18
    case .wideResNet50x2: .wideResNet50x2
    case .vgg16: .vgg16
    }
  }

  private var normalization: PixelNormalization {
    self == .efficientNetLite0
      ? PixelNormalization(offset: [127, 127, 127], scale: [128, 128, 128]) : .imageNet
  }

  /// The network's structure, with the tensors' names as they are in the file.
  private func plan(for file: any TensorFile) -> NetworkPlan {
    switch self {
    case .efficientNetLite0: EfficientNetLite0.plan
    case .resNet18: ResNet.resNet18
    case .wideResNet50x2: ResNet.wideResNet50x2
    case .vgg16: VGG16.plan(VGG16.Naming(of: file))
    }
  }

  /// Checks a file's names and shapes, strictly; values are not read.
  ///
  /// - Throws: ``NetworkMismatch``.
  public func check(_ file: any TensorFile) throws { try plan(for: file).check(file, network: weights.name) }

  /// The network with the tensors of a file, or of ``RandomWeights``.
  ///
  /// - Throws: ``NetworkMismatch`` when its names or shapes are others; a checkpoint error when it is damaged.
  public func network(_ file: any TensorFile, on device: any Device) throws -> any Backbone {
    let plan = plan(for: file)
    try plan.check(file, network: weights.name)
    let layers = try plan.layers.map { layer in
      try layer.map { try FoldedConvolution($0, file, epsilon: plan.epsilon, on: device) }
    }
    return ConvolutionalNetwork(
      kind: self, device: device, layers: layers, taps: plan.taps, normalization: normalization)
  }
}

/// A backbone with the hash of the weights it was loaded from: models are bound to that.
public struct LoadedBackbone: Sendable {
  public let backbone: any Backbone
  public let weightsSHA256: String

  /// Loads from a file that a person names, or else from the cache, where the contents must be the pinned ones.
  ///
  /// - weights: a path, or the name of a file in the cache, or "random:" and a seed, which then stands for the hash
  /// - Throws: `CheckpointError` when the file is missing or damaged, ``NetworkMismatch`` when it is of another network.
  public init(
    _ kind: BackboneKind, weights named: String? = nil, cache: WeightsCache = .standard, on device: any Device
  ) throws {
    if let named, let seed = RandomWeights.seed(parsing: named) {
      weightsSHA256 = named
      backbone = try kind.network(RandomWeights(seed: seed), on: device)
      return
    }
    let file = try named.map(cache.path) ?? cache.locate(kind.weights)
    weightsSHA256 = try SHA256.hash(fileAt: file)
    guard named != nil || weightsSHA256 == kind.weights.sha256 else {
      throw CheckpointError.hash(path: file, expected: kind.weights.sha256, found: weightsSHA256)
    }
    backbone = try kind.network(openTensorFile(file), on: device)
  }
}
