import Compute
package import Networks
package import Tensors

/// A student's convolution for inference: normalisation, residual and ReLU in the convolution's own pass.
package struct FoldedStudentConvolution: StudentConvolution, Sendable {
  private let weight: Storage
  /// [kernelHeight, kernelWidth, inputs, outputs]
  private let weightShape: Shape
  private let bias: Storage
  private let stride: Extent2D
  private let padding: Padding
  /// Whether the outputs are four pixels each, to be put in their places.
  private let isDoubling: Bool

  /// - scale: of each output, folded into the weights
  init(_ layer: ConvolutionLayer, scale: [Double], bias: [Float]) throws {
    let values = try layer.weight.storage.values()
    weight = try Storage(
      values.indices.map { Float(Double(values[$0]) * scale[$0 % scale.count]) }, on: layer.weight.device)
    weightShape = layer.weight.shape
    self.bias = try Storage(bias, on: layer.weight.device)
    stride = layer.stride
    padding = layer.padding
    isDoubling = false
  }

  /// A 2x2 transposed convolution of stride 2 puts four products of a pixel side by side: a 1x1 convolution to four times the
  /// outputs, [row, column, output], whose parts are then moved.
  init(transposed layer: TransposedConvolutionLayer, scale: [Double], bias: [Float]) throws {
    let (outputs, inputs) = (layer.weight.shape[2], layer.weight.shape[3])
    let values = try layer.weight.storage.values()
    var turned = [Float](repeating: 0, count: values.count)
    for place in 0..<(4 * outputs) {
      for input in 0..<inputs {
        turned[input * 4 * outputs + place] = Float(Double(values[place * inputs + input]) * scale[place % outputs])
      }
    }
    weight = try Storage(turned, on: layer.weight.device)
    weightShape = [1, 1, inputs, 4 * outputs]
    self.bias = try Storage((0..<4).flatMap { _ in bias }, on: layer.weight.device)
    stride = 1
    padding = 0
    isDoubling = true
  }

  package func callAsFunction(_ x: Tensor, residual: Tensor?, isRectified: Bool, _ pass: Pass) throws -> Tensor {
    precondition(!isDoubling || residual == nil, "what doubles the size ends no block")
    let made = try x.convolved(
      with: Tensor(weight, shape: weightShape), bias: Tensor(bias, shape: [bias.count]), residual: residual,
      activation: isRectified ? .relu : .none, stride: stride, padding: padding)
    guard isDoubling else { return made }
    let (batch, height, width, outputs) = (made.shape[0], made.shape[1], made.shape[2], made.shape[3] / 4)
    return try made.reshaped(to: [batch * height, width, 2, 2 * outputs]).permuted([0, 2, 1, 3])
      .reshaped(to: [batch, 2 * height, 2 * width, outputs])
  }
}
