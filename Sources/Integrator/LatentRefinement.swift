import Backbones
import Compute
public import Generator
import Networks
import Prompts
public import Tensors
public import TextImage

/// Moves a candidate's latent towards a text by gradient, and keeps it close to where it began (Eq. 13 of our reading of arXiv
/// 2403.06247; the loop of VQGAN+CLIP). Whether the paper does this is not known.
///
/// `L = mean over cuts of θ² / 2 + w₀ · mean (z − z₀)² + w_p · perceptual(x̃, x)`, by Adam. Of each step's picture a clean view is
/// compared with the text, and the most similar one is kept, the first included. Candidates are refined one by one, so that
/// none depends on another.
public struct LatentRefinement {
  public struct Settings: Codable, Hashable, Sendable {
    /// R: 0 leaves latents as they were drawn.
    public var steps = 0
    /// Adam's learning rate.
    public var rate = 0.03
    /// w₀.
    public var stayClose = 1.0
    /// w_p.
    public var perceptual = 0.5
    public var cutouts = Cutouts.Settings()

    public init() {}

    /// - Throws: ``IntegratorError/setting(name:reason:)``.
    public func validate() throws(IntegratorError) {
      try cutouts.validate()
      try IntegratorError.check([
        ("steps", (0...100_000).contains(steps), "must be between 0 and 100000"),
        ("rate", rate > 0 && rate <= 10, "must be above 0 and at most 10"),
        ("stay-close weight", stayClose >= 0 && stayClose <= 1e6, "must be between 0 and 1000000"),
        ("perceptual weight", perceptual >= 0 && perceptual <= 1e6, "must be between 0 and 1000000"),
      ])
    }
  }

  /// What was found of one candidate.
  public struct Record: Codable, Hashable, Sendable {
    public let steps: Int
    /// After how many steps the picture was the most similar to the text.
    public let bestStep: Int
    /// Cosines of clean views with the text: as drawn, and the best.
    public let similarityBefore, similarityAfter: Double
    /// The least ``Candidate/codeMargin`` of all steps, where latents are replaced by codes.
    public let codeMargin: Double?
  }

  /// The most similar picture, [1, height, width, 3] in 0 … 1.
  public struct Result {
    public let picture: Tensor
    public let record: Record
    /// After the last step.
    let latent: Tensor
  }

  public let settings: Settings
  public let network: VQGAN
  public let encoder: any DifferentiableTextImageEncoder
  public let perceptual: PerceptualLoss?
  /// Whether latents are replaced by their nearest codes before they are decoded.
  public let quantises: Bool
  let cutouts: Cutouts
  private let margin: CodeMargin
  /// [code width] each: of the codebook's values.
  private let lowest, highest: Tensor

  /// - encoder: on the network's device
  /// - perceptual: nil only where its weight is 0
  /// - Throws: ``IntegratorError/setting(name:reason:)``, `DeviceError`.
  public init(
    _ settings: Settings, network: VQGAN, encoder: any DifferentiableTextImageEncoder, perceptual: PerceptualLoss?,
    quantises: Bool = true
  ) throws {
    try settings.validate()
    guard perceptual != nil || settings.perceptual == 0 else {
      throw IntegratorError.setting(name: "perceptual weight", reason: "must be 0 without a perceptual loss")
    }
    (self.settings, self.network, self.encoder) = (settings, network, encoder)
    (self.perceptual, self.quantises) = (perceptual, quantises)
    cutouts = try Cutouts(settings.cutouts, size: encoder.pictureSize)
    margin = try CodeMargin(network.quantizer)
    let book = network.quantizer.codebook.value
    (lowest, highest) = (try book.reduced(.minimum, axis: 0), try book.reduced(.maximum, axis: 0))
  }

  /// - start: z₀, [1, height / factor, width / factor, code width]
  /// - original: x, [1, height, width, 3], RGB in −1 … 1
  /// - target: the text's vector
  /// - Throws: ``IntegratorError/notFinite(what:)``, `DeviceError`.
  public func refined(_ start: Tensor, original: Tensor, target: [Float], _ key: CandidateKey) throws -> Result {
    try refined(start, original: original, target: target) { step in
      let crops = cutouts.crops(
        height: original.shape[1], width: original.shape[2], key.random(.crops, step: step))
      return (crops, key.random(.noise, step: step))
    }
  }

  /// - draws: of each step, from 0
  func refined(
    _ start: Tensor, original: Tensor, target: [Float], draws: (Int) -> (crops: [Crop], noise: RandomKey?)
  ) throws -> Result {
    let latent = try Parameter("latent", start.detached)
    let optimizer = try Optimizer(.adam(), ParameterArena([latent]))
    var (best, first, least) = ((similarity: -Double.infinity, step: 0, picture: start), 0.0, quantises ? 1.0 : nil)
    for step in 0...settings.steps {
      let tape = step < settings.steps ? Tape() : nil
      let z = latent.tensor(on: tape)
      least = try least.map { try min($0, margin(z)) }
      let picture = try self.picture(z)
      let similarity = try similarity(picture.detached, target)
      if step == 0 { first = similarity }
      if similarity > best.similarity { best = (similarity, step, picture.detached) }
      guard let tape else { break }
      let loss = try loss(z, start, picture, original, target, draws(step))
      try tape.carryBack(from: loss)
      try optimizer.step(rate: settings.rate)
      try keepWithinCodes(latent)
    }
    return Result(
      picture: best.picture,
      record: Record(
        steps: settings.steps, bestStep: best.step, similarityBefore: first, similarityAfter: best.similarity,
        codeMargin: least),
      latent: latent.value)
  }

  /// [1, height, width, 3], 0 … 1
  func picture(_ z: Tensor) throws -> Tensor {
    let codes = quantises ? try network.quantizer(z, .inference).values : z
    return try network.decoded(codes).affine(scale: 0.5, shift: 0.5).gatedClamped(lower: 0, upper: 1)
  }

  /// Eq. 13: [1].
  func loss(
    _ z: Tensor, _ start: Tensor, _ picture: Tensor, _ original: Tensor, _ target: [Float],
    _ draw: (crops: [Crop], noise: RandomKey?)
  ) throws -> Tensor {
    let views = try cutouts(picture, draw.crops, noise: draw.noise)
    var loss = try SphericalLoss.mean(encoder.vectors(of: views.affine(scale: 255, shift: 0)), to: target)
    if settings.stayClose > 0 {
      let distance = try Loss.meanSquare(z, start.detached).affine(scale: Float(settings.stayClose), shift: 0)
      loss = try loss.combined(.add, with: distance)
    }
    if settings.perceptual > 0, let perceptual {
      let distance = try perceptual(picture.affine(scale: 2, shift: -1), original)
      loss = try loss.combined(.add, with: distance.affine(scale: Float(settings.perceptual), shift: 0))
    }
    return loss
  }

  private func similarity(_ picture: Tensor, _ target: [Float]) throws -> Double {
    let view = try cutouts.view(picture).affine(scale: 255, shift: 0)
    let cosine = Cosine.of(try encoder.vectors(of: view).values(), target)
    guard cosine.isFinite else { throw IntegratorError.notFinite(what: "A refined picture's similarity") }
    return cosine
  }

  private func keepWithinCodes(_ latent: Parameter) throws {
    let device = latent.device
    try device.combineRows(.maximum, latent.storage, vector: lowest.storage, into: latent.storage)
    try device.combineRows(.minimum, latent.storage, vector: highest.storage, into: latent.storage)
  }
}
