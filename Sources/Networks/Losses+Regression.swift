import Compute
public import Tensors

extension Loss {
  /// Huber's loss over β (Girshick 2015, arXiv 1504.08083, equation 3, with β = 1): `mean d² / 2β` where d = |x − y| is below β, and
  /// `d − β / 2` elsewhere.
  ///
  /// - beta: above 0
  public static func smoothAbsolute(_ x: Tensor, _ y: Tensor, beta: Float = 1) throws -> Tensor {
    // With c = min(d, β) both are c (d − c / 2) / β.
    let distance = try x.combined(.subtract, with: y).mapped(.absolute)
    let capped = try distance.clamped(lower: 0, upper: beta)
    return try distance.combined(.subtract, with: capped.affine(scale: 0.5, shift: 0)).combined(.multiply, with: capped)
      .reduced(.mean).affine(scale: 1 / beta, shift: 0)
  }

  /// `mean 1 − cos(x, y)` over rows; norms below 10⁻⁸ count as that.
  ///
  /// - x, y: [rows, width]
  public static func cosine(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    try x.rowCosines(with: y).reduced(.mean).affine(scale: -1, shift: 1)
  }

  /// The mean of a layer's perceptual distances of two pictures' features; see ``Tensor/featureDistances(to:weights:epsilon:)``.
  ///
  /// - x, y: [batch, height, width, channels]; weights: [channels]
  public static func perceptual(_ x: Tensor, _ y: Tensor, weights: Tensor) throws -> Tensor {
    try x.featureDistances(to: y, weights: weights).reduced(.mean)
  }

  /// The mean of the hardest elements (EfficientAD, arXiv 2303.14535, section 3.2): of those at or above a quantile of all, which
  /// lies between two elements as NumPy's and PyTorch's does by default. No gradient passes through the quantile.
  ///
  /// - quantile: 0 … 1; 0.999 keeps the largest thousandth
  /// - result: not a number where an element is none
  public static func hardest(_ x: Tensor, quantile: Double) throws -> Tensor {
    let values = try x.values()
    let limit = Quantile.value(quantile, of: values)
    let mask = values.map { $0 >= limit ? Float(1) : 0 }
    let count = mask.reduce(0) { $0 + Double($1) }
    return try x.combined(.multiply, with: Tensor(mask, shape: x.shape, on: x.device)).reduced(.sum)
      .affine(scale: Float(1 / count), shift: 0)
  }
}

/// Quantiles of many floats, without sorting them.
enum Quantile {
  /// The element of rank `part · (count − 1)`, between two ranks their mixture in Float32; not a number where an element is none.
  static func value(_ part: Double, of values: [Float]) -> Float {
    precondition((0...1).contains(part) && !values.isEmpty, "a quantile is of something")
    guard !values.contains(where: \.isNaN) else { return .nan }
    let rank = part * Double(values.count - 1)
    let lower = Int(rank.rounded(.down))
    let low = element(lower, of: values)
    let rest = Float(rank - Double(lower))
    guard rest > 0 else { return low }
    let high = element(lower + 1, of: values)
    return low + (high - low) * rest
  }

  /// The element of a rank in rising order: counted by the upper 16 bits, then sorted among its like.
  private static func element(_ rank: Int, of values: [Float]) -> Float {
    var counts = [Int](repeating: 0, count: 1 << 16)
    for value in values { counts[Int(key(value) >> 16)] += 1 }
    var (before, bin) = (0, 0)
    while before + counts[bin] <= rank {
      before += counts[bin]
      bin += 1
    }
    let like = values.filter { Int(key($0) >> 16) == bin }.sorted()
    return like[rank - before]
  }

  /// Bits that rise with the value.
  private static func key(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits >> 31 == 0 ? bits | 0x8000_0000 : ~bits
  }
}
