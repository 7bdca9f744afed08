/// Pointwise non-linearities.
public enum Activation: Int32, CaseIterable, Sendable {
  case none
  /// `max(x, 0)`
  case relu
  /// `min(max(x, 0), 6)`
  case relu6
  /// `x · σ(x)` (SiLU, swish)
  case silu
  /// `x · Φ(x) = x/2 · (1 + erf(x/√2))`
  case gelu
  /// `x · σ(1.702 x)`, as in OpenAI's CLIP
  case geluQuick
  /// `1 / (1 + e⁻ˣ)`
  case sigmoid
  case tanh
}

public protocol ActivationKernels {
  /// `y = activation(x)`; equal counts.
  func activate(_ activation: Activation, _ x: Storage, into y: Storage) throws
  /// `gradient = activation′(x) · outputGradient`; equal counts. At their kinks ReLU's derivatives are 0, as in PyTorch.
  func activateBackward(
    _ activation: Activation, _ x: Storage, outputGradient: Storage, into gradient: Storage) throws
}
