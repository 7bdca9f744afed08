import Compute
import Tensors

/// The values that a parameter starts from.
public enum Initializer: Hashable, Sendable {
  case constant(Float)
  case normal(mean: Float = 0, deviation: Float)
  case uniform(bound: Float)
  /// He et al. 2015 (arXiv 1502.01852), equation 10: normal with variance 2 / fan, for layers before ReLU.
  case kaimingNormal(fan: Int)
  /// What PyTorch gives convolutions, linear layers and their biases: uniform within 1 / √fanIn, which is Kaiming's uniform
  /// with a = √5.
  case framework(fanIn: Int)
  /// Glorot and Bengio 2010, equation 16: uniform within √(6 / (fanIn + fanOut)).
  case xavierUniform(fanIn: Int, fanOut: Int)

  /// - key: equal keys give equal values on every device
  func values(_ shape: Shape, _ key: RandomKey, on device: any Device) throws -> Storage {
    let values = try Storage(count: shape.count, on: device)
    switch self {
    case .constant(let value): try device.fill(values, with: value)
    case .normal(let mean, let deviation): try fill(values, .normal, key, scale: deviation, shift: mean)
    case .kaimingNormal(let fan): try fill(values, .normal, key, scale: (2 / Float(fan)).squareRoot(), shift: 0)
    case .uniform(let bound): try fill(values, within: bound, key)
    case .framework(let fanIn): try fill(values, within: 1 / Float(fanIn).squareRoot(), key)
    case .xavierUniform(let fanIn, let fanOut):
      try fill(values, within: (6 / Float(fanIn + fanOut)).squareRoot(), key)
    }
    return values
  }

  private func fill(_ values: Storage, within bound: Float, _ key: RandomKey) throws {
    try fill(values, .uniform, key, scale: 2 * bound, shift: -bound)
  }

  private func fill(
    _ values: Storage, _ distribution: RandomDistribution, _ key: RandomKey, scale: Float, shift: Float
  ) throws {
    let drawn = try Storage(count: values.count, on: values.device)
    try values.device.fillRandom(distribution, key, into: drawn)
    try values.device.affine(drawn, scale: scale, shift: shift, into: values)
  }
}
