import Compute
import Networks
public import Tensors

/// What generator and discriminator minimise against each other.
public enum AdversarialLoss: String, CaseIterable, Codable, Sendable {
  /// Lim and Ye 2017, arXiv 1705.02894.
  case hinge
  /// Goodfellow et al. 2014, arXiv 1406.2661, in logits: `½ (mean ln(1 + e^−real) + mean ln(1 + e^fake))`.
  case vanilla

  /// - real, fake: the discriminator's logits for real and for made pictures
  public func discriminator(real: Tensor, fake: Tensor) throws -> Tensor {
    switch self {
    case .hinge: try Loss.hingeDiscriminator(real: real, fake: fake)
    case .vanilla:
      try real.affine(scale: -1, shift: 0).softPlus().reduced(.mean).combined(
        .add, with: fake.softPlus().reduced(.mean)
      )
      .affine(scale: 0.5, shift: 0)
    }
  }

  /// `−mean fake` for both, as the published code has it.
  public func generator(fake: Tensor) throws -> Tensor { try Loss.hingeGenerator(fake: fake) }

  /// The weight that makes the adversary's pull on the decoder's last layer as strong as that of the reconstruction (Esser et al.
  /// 2021, arXiv 2012.09841, equation 7): `|∇ reconstruction| / (|∇ adversary| + 10⁻⁴)`, at most 10⁴.
  ///
  /// - reconstruction, adversary: gradients of the two losses for `decoder.conv_out.weight`
  public static func adaptiveWeight(reconstruction: Tensor, adversary: Tensor) throws -> Float {
    func norm(_ gradient: Tensor) throws -> Double {
      try gradient.values().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    // What is no number stays none, so that the training stops at it.
    let ratio = try norm(reconstruction) / (norm(adversary) + 1e-4)
    return Float(ratio > 1e4 ? 1e4 : ratio)
  }
}
