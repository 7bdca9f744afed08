public import Tensors
import Compute

extension Loss {
  /// Binary cross-entropy of logits: `mean −t ln σ(x) − (1 − t) ln(1 − σ(x))`, from terms of one sign, so that nothing cancels.
  ///
  /// - targets: of the logits' shape, 0 … 1
  public static func binaryCrossEntropy(logits: Tensor, targets: Tensor) throws -> Tensor {
    let positive = try logits.affine(scale: -1, shift: 0).softPlus().combined(.multiply, with: targets)
    let negative = try logits.softPlus().combined(.multiply, with: targets.affine(scale: -1, shift: 1))
    return try positive.combined(.add, with: negative).reduced(.mean)
  }

  /// What a discriminator minimises (hinge; Lim and Ye 2017, arXiv 1705.02894): `½ (mean max(0, 1 − real) + mean max(0, 1 + fake))`.
  ///
  /// - real, fake: its values for real and for made pictures
  public static func hingeDiscriminator(real: Tensor, fake: Tensor) throws -> Tensor {
    let (onReal, onFake) = (
      try real.affine(scale: -1, shift: 1).activated(.relu).reduced(.mean),
      try fake.affine(scale: 1, shift: 1).activated(.relu).reduced(.mean)
    )
    return try onReal.combined(.add, with: onFake).affine(scale: 0.5, shift: 0)
  }

  /// What a generator minimises against it: `−mean fake`.
  public static func hingeGenerator(fake: Tensor) throws -> Tensor {
    try fake.reduced(.mean).affine(scale: -1, shift: 0)
  }

  /// CFlow-AD's loss of log-likelihoods by dimension: `mean −ln σ(l)`.
  public static func logSigmoidLikelihood(_ logLikelihoods: Tensor) throws -> Tensor {
    try logLikelihoods.affine(scale: -1, shift: 0).softPlus().reduced(.mean)
  }
}
