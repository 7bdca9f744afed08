import Backbones
public import Checkpoints
public import Compute
import Foundation
public import Images
public import Tensors

/// The activation between a CLIP's linear layers; files do not say which one they were trained with.
public enum CLIPActivation: String, CaseIterable, Codable, Sendable {
  /// `x · σ(1.702 x)`: OpenAI's weights, and those that were trained on LAION-400M or by DFN.
  case quick
  /// `x · Φ(x)`: open_clip's weights of LAION-2B and DataComp.
  case exact
}

/// Texts and pictures in one space: CLIP with a vision transformer (Radford et al. 2021, arXiv 2103.00020).
public struct CLIP: DifferentiableTextImageEncoder {
  public let name: String
  public let width: Int
  /// Pixels of the side of the pictures that it sees.
  public let pictureSize: Int
  /// `e^logit_scale`: what cosines are multiplied by before a soft maximum over prompts.
  public let logitFactor: Float
  public let device: any Device

  /// Nil where only identifiers are given.
  private var tokenizer: BytePairTokenizer?
  private let plan: CLIPPlan
  private let patches: FoldedConvolution
  /// [width of the picture tower]: the class token with its position.
  private let classToken: [Float]
  /// [patches · width of the picture tower]
  private let places: Storage
  private let before, after, final: FixedNormalization
  private let pictureBlocks, textBlocks: [TransformerBlock]
  /// [vocabulary, width of the text tower]
  private let words: Storage
  /// [context, width of the text tower]
  private let positions: [Float]
  /// [width of the tower, width]
  private let pictureProjection, textProjection: Storage

  static let normalization = PixelNormalization(
    offset: [0.48145466, 0.4578275, 0.40821073].map { 255 * $0 },
    scale: [0.26862954, 0.26130258, 0.27577711].map { 255 * $0 })

  /// - file: with the names of OpenAI's archive, open_clip or transformers; sizes follow its shapes
  /// - Throws: `NetworkMismatch` when names or shapes are others; a checkpoint error when the file is damaged.
  public init(
    _ file: any TensorFile, tokenizer: BytePairTokenizer, activation: CLIPActivation, on device: any Device
  ) throws {
    try self.init(file, activation: activation, on: device)
    if plan.vocabulary != BytePairTokenizer.vocabularySize {
      var mismatch = NetworkMismatch(path: file.path, network: "CLIP")
      let (found, inner) = (plan.vocabulary, plan.texts.width)
      mismatch.wrongShapes = [
        .init(
          name: "token_embedding.weight", expected: [BytePairTokenizer.vocabularySize, inner], found: [found, inner])
      ]
      throw mismatch
    }
    self.tokenizer = tokenizer
  }

  /// Without a tokenizer, for ``vectors(ofTokens:)``: its table of words may be of any size.
  package init(_ file: any TensorFile, activation: CLIPActivation, on device: any Device) throws {
    guard let file = CLIPFile(file) else {
      var mismatch = NetworkMismatch(path: file.path, network: "CLIP")
      mismatch.missing = ["visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"]
      throw mismatch
    }
    let plan = try CLIPPlan(file)
    try plan.check(file)
    func values(_ name: String) throws -> [Float] { try file.tensor(named: name).values }
    func norm(_ name: String, _ width: Int) throws -> FixedNormalization {
      try FixedNormalization(file, name, width: width, epsilon: CLIPPlan.epsilon, on: device)
    }
    let kind = activation == .quick ? Activation.geluQuick : .gelu
    (name, width, pictureSize, self.device) = (plan.name, plan.width, plan.pictureSize, device)
    self.plan = plan
    logitFactor = try Float(Foundation.exp(Double(values("logit_scale")[0])))
    patches = try Self.patches(values("visual.conv1.weight"), plan, on: device)
    let (token, rows) = (try values("visual.class_embedding"), try values("visual.positional_embedding"))
    classToken = zip(token, rows).map(+)
    places = try Storage(Array(rows.dropFirst(token.count)), on: device)
    before = try norm("visual.ln_pre", plan.pictures.width)
    after = try norm("visual.ln_post", plan.pictures.width)
    final = try norm("ln_final", plan.texts.width)
    pictureBlocks = try plan.blocks(plan.pictures, file, activation: kind, on: device)
    textBlocks = try plan.blocks(plan.texts, file, activation: kind, on: device)
    words = try Storage(values("token_embedding.weight"), on: device)
    positions = try values("positional_embedding")
    pictureProjection = try Storage(values("visual.proj"), on: device)
    textProjection = try Storage(values("text_projection"), on: device)
  }

  /// The convolution that makes a token of each patch; it has no bias.
  private static func patches(_ weight: [Float], _ plan: CLIPPlan, on device: any Device) throws -> FoldedConvolution {
    let (width, patch) = (plan.pictures.width, plan.patch)
    let own = try Tensor(weight, shape: [width, 3, patch, patch], on: device).permuted([2, 3, 1, 0])
    return FoldedConvolution(
      weight: own.storage, weightShape: [patch, patch, 3, width],
      bias: try Storage([Float](repeating: 0, count: width), on: device), stride: Extent2D(patch, patch), groups: 1,
      padding: .symmetric(0), activation: .none)
  }

  public func vectors(ofTexts texts: [String]) throws -> [[Float]] {
    guard let tokenizer else { preconditionFailure("a CLIP without a tokenizer reads identifiers only") }
    return try vectors(ofTokens: texts.map { tokenizer.sequence($0, limit: plan.context) })
  }

  /// What comes after the end of a text no token sees, so sequences end there.
  ///
  /// - sequences: identifiers with those that begin and end a text
  package func vectors(ofTokens sequences: [[Int32]]) throws -> [[Float]] {
    let inner = plan.texts.width
    return try LengthBatches.rows(of: sequences, on: device) { batch, length in
      let tokens = try Tensor(words, shape: [plan.vocabulary, inner])
        .gatheredRows(IndexStorage(batch.flatMap(\.self), on: device))
      let places = try Storage(Array(positions.prefix(length * inner)), on: device)
      var x = try tokens.adding(positions: places).reshaped(to: [1, batch.count * length, 1, inner])
      for block in textBlocks { x = try block.normalizingInputs(x, length: length, isCausal: true) }
      let ends = try x.reshaped(to: [batch.count, length, inner]).sliced((length - 1)..<length, axis: 1)
      let projected = try final(ends.reshaped(to: [batch.count, inner]))
        .multiplied(by: Tensor(textProjection, shape: [inner, width]))
      return LengthBatches.split(try projected.unitRows().values(), width: width)
    }
  }

  /// Pictures of any size: the shorter side is made ``pictureSize`` bicubically, and the middle taken.
  public func vectors(ofPictures pictures: [Image]) throws -> [[Float]] {
    // As many as give some thousand tokens.
    let size = max(4096 / (plan.grid * plan.grid + 1), 1)
    return try stride(from: 0, to: pictures.count, by: size).flatMap { start in
      let batch = pictures[start..<min(start + size, pictures.count)]
      let pixels = batch.flatMap { $0.centre(resizedTo: pictureSize, side: pictureSize) }
      let tensor = try Tensor(pixels, shape: [batch.count, pictureSize, pictureSize, 3], on: device)
      return LengthBatches.split(try vectors(of: tensor).values(), width: width)
    }
  }

  /// The vectors of pictures, differentiable in these when they are on a tape.
  ///
  /// - pictures: [batch, ``pictureSize``, ``pictureSize``, 3], RGB of 0 … 255
  /// - result: [batch, ``width``], rows of length one
  /// - Throws: `ShapeError` when the size is another one.
  public func vectors(of pictures: Tensor) throws -> Tensor {
    let expected = [pictures.shape.extents.first ?? 1, pictureSize, pictureSize, 3]
    guard pictures.shape.extents == expected else {
      throw ShapeError.mismatch(
        operation: name, argument: "pictures", expected: expected, found: pictures.shape.extents)
    }
    let (batch, inner, count) = (expected[0], plan.pictures.width, plan.grid * plan.grid)
    let tokens = try patches(Self.normalization(pictures)).reshaped(to: [batch, count, inner]).adding(positions: places)
    let first = try Tensor((0..<batch).flatMap { _ in classToken }, shape: [batch, 1, inner], on: device)
    var x = try before(Tensor.concatenated([first, tokens], axis: 1)).reshaped(to: [1, batch * (count + 1), 1, inner])
    for block in pictureBlocks { x = try block.normalizingInputs(x, length: count + 1, isCausal: false) }
    let heads = try x.reshaped(to: [batch, count + 1, inner]).sliced(0..<1, axis: 1).reshaped(to: [batch, inner])
    return try after(heads).multiplied(by: Tensor(pictureProjection, shape: [inner, width])).unitRows()
  }
}
