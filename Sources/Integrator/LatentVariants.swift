import Compute
public import Generator
public import Images
import Networks
public import Tensors

/// What makes a candidate's picture gives.
public struct MadePicture: Sendable {
  public let image: Image
  public let temperature: Double
  public let refinement: LatentRefinement.Record?
  /// See ``Candidate/codeMargin``.
  public let codeMargin: Double?

  public init(
    image: Image, temperature: Double, refinement: LatentRefinement.Record? = nil, codeMargin: Double? = nil
  ) {
    (self.image, self.temperature) = (image, temperature)
    (self.refinement, self.codeMargin) = (refinement, codeMargin)
  }
}

/// Candidates' pictures by sampling around originals' latents: drawn, refined if asked for, decoded, finished. One at a time, so
/// that no picture depends on another.
public final class LatentVariants {
  /// - picture: decoded, [1, height, width, 3], 0 … 1
  /// - original: its number
  public typealias Finish = (_ picture: Tensor, _ original: Int) throws -> Image

  private let sampler: VariationalSampler
  private let refinement: LatentRefinement?
  private let pictures: (Int) throws -> Tensor
  private let finish: Finish
  private let margin: CodeMargin
  private var latents: [Int: VariationalSampler.Latents] = [:]
  /// Originals whose latents are kept: of sixteen by sixteen codes of 256 channels half a megabyte each.
  private static let most = 512

  /// - refinement: nil, or with the sampler's network
  /// - pictures: an original by its number, [1, height, width, 3], RGB in −1 … 1; asked for more than once
  /// - finish: what becomes of a decoded picture before it is judged: details of the original, its size; by default its values in
  ///   8 bits
  /// - Throws: ``IntegratorError/setting(name:reason:)``, `DeviceError`.
  public init(
    _ sampler: VariationalSampler, refinement: LatentRefinement? = nil, pictures: @escaping (Int) throws -> Tensor,
    finish: @escaping Finish = { picture, _ in try LatentVariants.image(picture) }
  ) throws {
    guard !sampler.configuration.averagesCopies else {
      throw IntegratorError.setting(name: "sampler", reason: "must not average copies: originals are taken one by one")
    }
    (self.sampler, self.refinement) = (sampler, refinement)
    (self.pictures, self.finish) = (pictures, finish)
    margin = try CodeMargin(sampler.network.quantizer)
  }

  /// - target: the prompt's vector
  public func made(original: Int, _ key: CandidateKey, target: [Float]) throws -> MadePicture {
    let latents = try latents(of: original)
    let proposed = try sampler.proposed(latents, key.random(.latent))
    let quantises = sampler.configuration.requantises
    let start = quantises ? try sampler.network.quantizer(proposed, .inference).values : proposed
    var least = quantises ? try margin(proposed) : nil
    var record: LatentRefinement.Record?
    let picture: Tensor
    if let refinement, refinement.settings.steps > 0 {
      let found = try refinement.refined(start, original: pictures(original), target: target, key)
      (record, picture) = (found.record, found.picture)
      least = least.map { min($0, found.record.codeMargin ?? 1) }
    } else {
      picture = try sampler.network.decoded(start).affine(scale: 0.5, shift: 0.5).clamped(lower: 0, upper: 1)
    }
    return MadePicture(
      image: try finish(picture, original), temperature: sampler.temperature, refinement: record, codeMargin: least)
  }

  private func latents(of original: Int) throws -> VariationalSampler.Latents {
    if let known = latents[original] { return known }
    let found = try sampler.latents(of: pictures(original))
    if latents.count < Self.most { latents[original] = found }
    return found
  }

  /// A picture's values in 8 bits, rounded.
  ///
  /// - picture: [1, height, width, 3], 0 … 1
  public static func image(_ picture: Tensor) throws -> Image {
    let values = try picture.values()
    guard values.allSatisfy(\.isFinite) else { throw IntegratorError.notFinite(what: "A generated picture") }
    return try Image(
      width: picture.shape[2], height: picture.shape[1], channels: 3,
      pixels: values.map { UInt8(min(max($0 * 255, 0), 255).rounded()) })
  }
}
