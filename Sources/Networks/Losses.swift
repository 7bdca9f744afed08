import Compute
public import Tensors

/// Losses, each a mean over all elements unless it says otherwise.
public enum Loss {
  /// `mean (x − y)²`
  public static func meanSquare(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    try x.combined(.subtract, with: y).mapped(.square).reduced(.mean)
  }

  /// `mean |x − y|`
  public static func meanAbsolute(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    try x.combined(.subtract, with: y).mapped(.absolute).reduced(.mean)
  }

  /// Cross-entropy of the rows' softmax with classes: `mean −log softmax(logits)[r, class r]`.
  ///
  /// - logits: [rows, classes]; labels: [rows · classes], 1 at each row's class and 0 elsewhere
  public static func crossEntropy(_ logits: Tensor, labels: Tensor) throws -> Tensor {
    try logits.softmaxed(logarithmic: true).combined(.multiply, with: labels).reduced(.sum)
      .affine(scale: -1 / Float(logits.shape[0]), shift: 0)
  }

  /// The Kullback-Leibler divergence of N(mean, e^logVariance) from N(0, 1), summed over each picture and averaged over the
  /// batch (Kingma and Welling 2014, arXiv 1312.6114, appendix B): `½ Σ (mean² + e^logVariance − 1 − logVariance)`.
  ///
  /// - means, logVariances: [batch, …]
  public static func gaussianDivergence(means: Tensor, logVariances: Tensor) throws -> Tensor {
    let variances = try logVariances.mapped(.exponential)
    let terms = try means.mapped(.square).combined(.add, with: variances).combined(.subtract, with: logVariances)
    let batch = Float(means.shape[0])
    return try terms.reduced(.sum).affine(scale: 0.5 / batch, shift: -0.5 * Float(means.shape.count) / batch)
  }
}
