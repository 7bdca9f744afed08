import Compute
public import Tensors

/// `y = x · W + b` for every row.
public struct LinearLayer {
  /// [inputs, outputs]: the transpose of PyTorch's.
  public let weight: Parameter
  /// [outputs]
  public let bias: Parameter?

  public init(
    _ builder: NetworkBuilder, inputs: Int, outputs: Int, hasBias: Bool = true, initial: Initializer? = nil
  ) throws {
    weight = try builder.parameter(
      "weight", [inputs, outputs], initial ?? .framework(fanIn: inputs),
      checkpointAxes: [1, 0])
    bias = hasBias ? try builder.parameter("bias", [outputs], .framework(fanIn: inputs)) : nil
  }

  /// - x: [rows, inputs]
  public func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let product = try x.multiplied(by: weight.tensor(on: pass.tape))
    return try bias.map { try product.combined(.add, with: $0.tensor(on: pass.tape)) } ?? product
  }
}
