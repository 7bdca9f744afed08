public import Compute
public import Tensors

/// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167): by the batch's statistics in training, by running ones
/// otherwise.
public struct BatchNormalizationLayer {
  public let weight: Parameter
  public let bias: Parameter
  public let mean: RunningStatistic
  public let variance: RunningStatistic
  public let epsilon: Float
  /// The part of a batch's statistics that the running ones take over.
  public let momentum: Float

  public init(
    _ builder: NetworkBuilder, channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1,
    scale: Initializer = .constant(1)
  ) throws {
    weight = try builder.parameter("weight", [channels], scale)
    bias = try builder.parameter("bias", [channels], .constant(0))
    mean = try builder.statistic("running_mean", count: channels, initial: 0)
    variance = try builder.statistic("running_var", count: channels, initial: 1)
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// `activation(normalised x + residual)`.
  ///
  /// - x: [batch, height, width, channels] or [rows, channels]; residual: as x
  public func callAsFunction(
    _ x: Tensor, residual: Tensor? = nil, activation: Activation = .none, _ pass: Pass
  ) throws -> Tensor {
    let (scale, shift) = (weight.tensor(on: pass.tape), bias.tensor(on: pass.tape))
    guard pass.isTraining else {
      let normal = try x.normalized(
        means: mean.value, variances: variance.value, scale: scale, shift: shift, epsilon: epsilon)
      let sum = try residual.map { try normal.combined(.add, with: $0) } ?? normal
      return activation == .none ? sum : try sum.activated(activation)
    }
    let (result, means, variances) = try x.batchNormalized(
      scale: scale, shift: shift, residual: residual, activation: activation, epsilon: epsilon)
    if !pass.isRepeated {
      // Running variances are of n − 1, as in PyTorch.
      let count = Float(x.shape.count / weight.shape.count)
      try mean.follow(means, weight: momentum)
      try variance.follow(variances.affine(scale: count / max(count - 1, 1), shift: 0), weight: momentum)
    }
    return result
  }
}

/// Group normalisation (Wu and He 2018, arXiv 1803.08494).
public struct GroupNormalizationLayer {
  public let weight: Parameter
  public let bias: Parameter
  public let groups: Int
  public let epsilon: Float

  public init(_ builder: NetworkBuilder, channels: Int, groups: Int = 32, epsilon: Float = 1e-6) throws {
    weight = try builder.parameter("weight", [channels], .constant(1))
    bias = try builder.parameter("bias", [channels], .constant(0))
    self.groups = groups
    self.epsilon = epsilon
  }

  /// - x: [batch, height, width, channels]
  public func callAsFunction(_ x: Tensor, activation: Activation = .none, _ pass: Pass) throws -> Tensor {
    try x.groupNormalized(
      groups: groups, scale: weight.tensor(on: pass.tape), shift: bias.tensor(on: pass.tape), activation: activation,
      epsilon: epsilon)
  }
}

/// Layer normalisation (Ba et al. 2016, arXiv 1607.06450) of each row.
public struct LayerNormalizationLayer {
  public let weight: Parameter
  public let bias: Parameter
  public let epsilon: Float

  public init(_ builder: NetworkBuilder, width: Int, epsilon: Float = 1e-5) throws {
    weight = try builder.parameter("weight", [width], .constant(1))
    bias = try builder.parameter("bias", [width], .constant(0))
    self.epsilon = epsilon
  }

  /// - x: […, width]
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    try x.layerNormalized(scale: weight.tensor(on: pass.tape), shift: bias.tensor(on: pass.tape), epsilon: epsilon)
  }
}
