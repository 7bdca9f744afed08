import Backbones
public import Checkpoints
public import Compute
import Tensors

/// Sentences as vectors: all-MiniLM-L6-v2 (Wang et al. 2020, arXiv 2002.10957; trained by sentence-transformers, Reimers and
/// Gurevych 2019, arXiv 1908.10084).
///
/// BERT's encoder; the mean over all tokens, divided by its length.
public struct MiniLM: TextEncoder {
  public let name = "all-MiniLM-L6-v2"
  public let width: Int
  public let device: any Device
  /// Nil where only identifiers are given.
  private var tokenizer: WordPieceTokenizer?
  /// [vocabulary, width]
  private let words: Storage
  /// [positions, width], the type of token's vector added.
  private let positions: [Float]
  private let norm: FixedNormalization
  private let blocks: [TransformerBlock]

  /// Tokens of the longest text, as sentence-transformers sets it.
  private static let longest = 256

  /// - file: names of BERT in transformers, without a prefix; sizes follow its shapes
  /// - Throws: `NetworkMismatch` when names or shapes are others; a checkpoint error when the file is damaged.
  public init(_ file: any TensorFile, tokenizer: WordPieceTokenizer, on device: any Device) throws {
    try self.init(file, on: device)
    guard tokenizer.count * width <= words.count else {
      var mismatch = NetworkMismatch(path: file.path, network: KnownWeights.miniLM.name)
      mismatch.wrongShapes = [
        .init(
          name: "embeddings.word_embeddings.weight", expected: [tokenizer.count, width],
          found: [words.count / width, width])
      ]
      throw mismatch
    }
    self.tokenizer = tokenizer
  }

  /// Without a tokenizer, for ``vectors(ofTokens:)``.
  package init(_ file: any TensorFile, on device: any Device) throws {
    let plan = try MiniLMPlan(file)
    try plan.check(file)
    (width, self.device) = (plan.width, device)
    let table = "embeddings.word_embeddings.weight"
    words = try Storage(file.tensor(named: table, shape: [plan.vocabulary, width]).values, on: device)
    let type = try file.tensor(named: "embeddings.token_type_embeddings.weight").values.prefix(width)
    let rows = try file.tensor(named: "embeddings.position_embeddings.weight").values
    positions = rows.indices.map { rows[$0] + type[$0 % type.count] }
    norm = try FixedNormalization(file, "embeddings.LayerNorm", width: width, epsilon: MiniLMPlan.epsilon, on: device)
    blocks = try (0..<plan.layers).map { try plan.block($0, file, on: device) }
  }

  /// The vectors of the cache's pinned weights.
  ///
  /// - Throws: `CheckpointError` when weights or vocabulary are missing or damaged.
  public init(cache: WeightsCache = .standard, on device: any Device) throws {
    try self.init(
      openTensorFile(cache.verified(.miniLM)),
      tokenizer: WordPieceTokenizer(path: cache.verified(.miniLMVocabulary)), on: device)
  }

  public func vectors(ofTexts texts: [String]) throws -> [[Float]] {
    guard let tokenizer else { preconditionFailure("a MiniLM without a tokenizer reads identifiers only") }
    return try vectors(
      ofTokens: texts.map { tokenizer.sequence($0, limit: min(Self.longest, positions.count / width)) })
  }

  /// - sequences: identifiers with those that begin and end a text
  package func vectors(ofTokens sequences: [[Int32]]) throws -> [[Float]] {
    try LengthBatches.rows(of: sequences, on: device) { batch, length in
      let table = try Tensor(words, shape: [words.count / width, width])
      let tokens = try table.gatheredRows(IndexStorage(batch.flatMap(\.self), on: device))
      let places = try Storage(Array(positions.prefix(length * width)), on: device)
      var x = try norm(tokens.adding(positions: places)).reshaped(to: [1, batch.count * length, 1, width])
      for block in blocks { x = try block.normalizingSums(x, length: length) }
      let means = try x.reshaped(to: [batch.count, length, width]).reduced(.mean, axis: 1)
      return LengthBatches.split(try means.unitRows(epsilon: 1e-12).values(), width: width)
    }
  }
}

/// BERT's sizes, as the shapes in a file tell them, and the tensors that it then must have.
struct MiniLMPlan {
  let vocabulary, width, positions, layers, inner: Int

  static let epsilon: Float = 1e-12
  /// Of MiniLM; no shape tells it.
  private static let headWidth = 32

  /// - Throws: `NetworkMismatch` when sizes cannot be told.
  init(_ file: any TensorFile) throws {
    let names = Set(file.names)
    let sized = [
      "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight",
      "encoder.layer.0.intermediate.dense.weight",
    ]
    var mismatch = NetworkMismatch(path: file.path, network: KnownWeights.miniLM.name)
    mismatch.missing = sized.filter { !names.contains($0) }
    guard mismatch.isEmpty else { throw mismatch }
    let shapes = try sized.map { try file.shape(of: $0) }
    for (name, shape) in zip(sized, shapes) where shape.count != 2 || shape[1] != shapes[0].last || shape[0] < 1 {
      mismatch.wrongShapes.append(.init(name: name, expected: [shape.first ?? 0, shapes[0].last ?? 0], found: shape))
    }
    let width = shapes[0].last ?? 0
    if width < Self.headWidth || width % Self.headWidth != 0 {
      mismatch.wrongShapes.append(.init(name: sized[0], expected: [30522, 384], found: shapes[0]))
    }
    guard mismatch.isEmpty else { throw mismatch }
    (vocabulary, self.width, positions, inner) = (shapes[0][0], width, shapes[1][0], shapes[2][0])
    layers = (0...).first { !names.contains("encoder.layer.\($0).intermediate.dense.weight") } ?? 0
  }

  private var tensors: [(name: String, shape: [Int])] {
    func pair(_ name: String, _ shape: [Int]) -> [(String, [Int])] {
      [("\(name).weight", shape), ("\(name).bias", [shape[0]])]
    }
    var all = [
      ("embeddings.word_embeddings.weight", [vocabulary, width]),
      ("embeddings.position_embeddings.weight", [positions, width]),
      ("embeddings.token_type_embeddings.weight", [2, width]),
    ]
    all += pair("embeddings.LayerNorm", [width])
    for layer in 0..<layers {
      let name = "encoder.layer.\(layer)"
      for part in ["self.query", "self.key", "self.value", "output.dense"] {
        all += pair("\(name).attention.\(part)", [width, width])
      }
      all += pair("\(name).attention.output.LayerNorm", [width])
      all += pair("\(name).intermediate.dense", [inner, width]) + pair("\(name).output.dense", [width, inner])
      all += pair("\(name).output.LayerNorm", [width])
    }
    return all
  }

  /// - Throws: `NetworkMismatch` naming every tensor that is missing, of another shape or not the network's.
  func check(_ file: any TensorFile) throws {
    let mismatch = try NetworkMismatch(
      comparing: file, with: tensors, network: KnownWeights.miniLM.name,
      ignoring: { $0 == "embeddings.position_ids" || $0.hasPrefix("pooler.") })
    guard mismatch.isEmpty else { throw mismatch }
  }

  func block(_ layer: Int, _ file: any TensorFile, on device: any Device) throws -> TransformerBlock {
    let name = "encoder.layer.\(layer)"
    func linear(
      _ part: String, _ inputs: Int, _ outputs: Int, _ activation: Activation = .none
    ) throws -> FoldedConvolution {
      try FoldedConvolution(
        file, "\(name).\(part)", inputs: inputs, outputs: outputs, activation: activation, on: device)
    }
    func norm(_ part: String) throws -> FixedNormalization {
      try FixedNormalization(file, "\(name).\(part)", width: width, epsilon: Self.epsilon, on: device)
    }
    return TransformerBlock(
      heads: width / Self.headWidth, query: try linear("attention.self.query", width, width),
      key: try linear("attention.self.key", width, width), value: try linear("attention.self.value", width, width),
      output: try linear("attention.output.dense", width, width),
      inner: try linear("intermediate.dense", width, inner, .gelu), outer: try linear("output.dense", inner, width),
      attentionNorm: try norm("attention.output.LayerNorm"), outputNorm: try norm("output.LayerNorm"))
  }
}
