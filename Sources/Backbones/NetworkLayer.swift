/// One layer of a convolutional network, which reads the picture or earlier layers' outputs.
///
/// `Convolution` is ``ConvolutionPlan`` before weights are loaded and ``FoldedConvolution`` after.
public struct NetworkLayer<Convolution: Sendable>: Sendable {
  public enum Operation: Sendable {
    case convolution(Convolution)
    /// Windows of `kernel` x `kernel`; padding never wins.
    case maximumPool(kernel: Int, stride: Int, padding: Int)
    case globalAveragePool
  }

  public let operation: Operation
  /// The number of the layer whose output it reads; nil for the picture.
  public let input: Int?
  /// The layer whose output is added before the activation.
  public let residual: Int?
  /// What `trace` calls its output; nil for layers inside of blocks.
  public let name: String?

  public init(_ operation: Operation, input: Int?, residual: Int? = nil, name: String? = nil) {
    self.operation = operation
    self.input = input
    self.residual = residual
    self.name = name
  }

  /// The same layer with its convolution made into something else.
  func map<Other>(_ transform: (Convolution) throws -> Other) rethrows -> NetworkLayer<Other> {
    let operation: NetworkLayer<Other>.Operation =
      switch self.operation {
      case .convolution(let convolution): .convolution(try transform(convolution))
      case .maximumPool(let kernel, let stride, let padding):
        .maximumPool(kernel: kernel, stride: stride, padding: padding)
      case .globalAveragePool: .globalAveragePool
      }
    return NetworkLayer<Other>(operation, input: input, residual: residual, name: name)
  }
}
