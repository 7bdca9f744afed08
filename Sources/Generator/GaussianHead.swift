import Compute
package import Tensors

/// An encoder that gives a normal distribution for each latent.
package enum GaussianHead {
  /// Of each channel the variance of a codebook's vectors: [width], at least 10⁻¹².
  package static func variances(of codebook: Tensor) throws -> Tensor {
    let centred = try codebook.combined(.subtract, with: codebook.reduced(.mean, axis: 0))
    return try centred.mapped(.square).reduced(.mean, axis: 0).clamped(lower: 1e-12, upper: .greatestFiniteMagnitude)
  }

  /// `½ Σ (σ² / S² − 1 − ln(σ² / S²))`, summed over each picture and averaged over the batch: draws σ² to the codebook's variance S²
  /// and leaves the means alone.
  ///
  /// - logVariances: [batch, height, width, code width], clamped to −30…20; codebook: [codes, code width]
  package static func divergence(_ logVariances: Tensor, from codebook: Tensor) throws -> Tensor {
    let ratio = try logVariances.clamped(lower: -30, upper: 20)
      .combined(.subtract, with: variances(of: codebook).mapped(.logarithm))
    let batch = Float(logVariances.shape[0])
    return try ratio.mapped(.exponential).combined(.subtract, with: ratio).reduced(.sum)
      .affine(scale: 0.5 / batch, shift: -0.5 * Float(logVariances.shape.count) / batch)
  }
}
