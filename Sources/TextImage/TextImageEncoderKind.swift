import Backbones
public import Checkpoints
public import Compute

/// The encoders there are, by the name that options take.
public enum TextImageEncoderKind: String, CaseIterable, Codable, Sendable {
  /// ImageNet's class names weighted by a classifier: needs only what the set-up fetches; knows objects, not defects.
  case conse
  /// A CLIP whose weights a person has added.
  case clip

  /// The encoder with the weights of the cache.
  ///
  /// - weights: of CLIP: a path, or the name of a file in the cache; OpenAI's ViT-B/32, or else ViT-B/16, unless given
  /// - activation: of CLIP; needed for files that do not say, which are all but OpenAI's
  /// - Throws: `CheckpointError`, `NetworkMismatch`, ``TextImageError``.
  public func load(
    cache: WeightsCache = .standard, on device: any Device, weights: String? = nil, activation: CLIPActivation? = nil
  ) throws -> any DifferentiableTextImageEncoder {
    switch self {
    case .conse:
      guard weights == nil, activation == nil else { throw TextImageError.onlyForCLIP }
      let classifier = try LoadedBackbone(.efficientNetLite0, cache: cache, on: device).backbone
      return try ConSE(classifier: classifier, words: MiniLM(cache: cache, on: device))
    case .clip:
      let tokenizer = try BytePairTokenizer(path: cache.verified(.clipVocabulary))
      let (file, activation) = try Self.clip(weights, activation, cache)
      return try CLIP(file, tokenizer: tokenizer, activation: activation, on: device)
    }
  }

  /// A file of CLIP, and the activation that it was trained with.
  private static func clip(
    _ named: String?, _ activation: CLIPActivation?, _ cache: WeightsCache
  ) throws -> (any TensorFile, CLIPActivation) {
    let published = [KnownWeights.clipViTB32, .clipViTB16]
    let path =
      try named.map(cache.path) ?? published.lazy.compactMap { try? cache.locate($0) }.first
      ?? cache.locate(.clipViTB32)
    let hash = try SHA256.hash(fileAt: path)
    let isPublished = published.contains { $0.sha256 == hash }
    guard named != nil || isPublished else {
      let expected = published.first { path.hasSuffix("/" + $0.file) }?.sha256 ?? ""
      throw CheckpointError.hash(path: path, expected: expected, found: hash)
    }
    // OpenAI's archives hold a program beside the tensors; these contents are known.
    let file = try openTensorFile(path, policy: isPublished ? .inert : .strict)
    // Only OpenAI's archives name this setting.
    let isOpenAIs = isPublished || file.names.contains { $0.hasSuffix("input_resolution") }
    guard let activation = activation ?? (isOpenAIs ? .quick : nil) else {
      throw TextImageError.unknownActivation(path: path)
    }
    return (file, activation)
  }
}

/// What is wrong with a wish for an encoder.
public enum TextImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A file of CLIP does not say which activation it was trained with.
  case unknownActivation(path: String)
  /// Weights or an activation were named for an encoder that has its own.
  case onlyForCLIP

  public var description: String {
    switch self {
    case .unknownActivation(let path):
      "\(path) does not say which activation its CLIP was trained with; name it: quick for weights of OpenAI, LAION-400M "
        + "and DFN, exact for LAION-2B and DataComp."
    case .onlyForCLIP: "The encoder conse has weights of its own; leave weights and activation out, or choose clip."
    }
  }
}
