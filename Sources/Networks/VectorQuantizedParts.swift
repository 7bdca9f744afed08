package import Compute
package import Tensors

// What vector-quantised autoencoders are made of (VQGAN, Esser et al. 2021, arXiv 2012.09841, table 7), with the names of the
// published code.

/// `x + conv(silu(norm(conv(silu(norm(x))))))`, with a 1x1 convolution of x where the channels change.
package struct SwishResidualBlock {
  let norm1, norm2: GroupNormalizationLayer
  let conv1, conv2: ConvolutionLayer
  let shortcut: ConvolutionLayer?

  package init(_ builder: NetworkBuilder, inputs: Int, outputs: Int) throws {
    norm1 = try GroupNormalizationLayer(builder["norm1"], channels: inputs)
    conv1 = try ConvolutionLayer(builder["conv1"], inputs: inputs, outputs: outputs, kernel: 3, padding: 1)
    norm2 = try GroupNormalizationLayer(builder["norm2"], channels: outputs)
    conv2 = try ConvolutionLayer(builder["conv2"], inputs: outputs, outputs: outputs, kernel: 3, padding: 1)
    shortcut =
      inputs == outputs
      ? nil : try ConvolutionLayer(builder["nin_shortcut"], inputs: inputs, outputs: outputs, kernel: 1)
  }

  /// - x: [batch, height, width, inputs]
  package func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let h = try conv1(norm1(x, activation: .silu, pass), pass)
    return try conv2(
      norm2(h, activation: .silu, pass), residual: shortcut.map { try $0(x, pass) } ?? x, pass)
  }
}

/// One head of attention over all pixels, added to x.
package struct PixelAttentionBlock {
  let norm: GroupNormalizationLayer
  let q, k, v, output: ConvolutionLayer

  package init(_ builder: NetworkBuilder, channels: Int) throws {
    norm = try GroupNormalizationLayer(builder["norm"], channels: channels)
    func pointwise(_ name: String) throws -> ConvolutionLayer {
      try ConvolutionLayer(builder[name], inputs: channels, outputs: channels, kernel: 1)
    }
    (q, k, v, output) = (try pointwise("q"), try pointwise("k"), try pointwise("v"), try pointwise("proj_out"))
  }

  /// - x: [batch, height, width, channels]
  package func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let h = try norm(x, pass)
    let tokens: Shape = [x.shape[0], x.shape[1] * x.shape[2], 1, x.shape[3]]
    let attended = try q(h, pass).reshaped(to: tokens)
      .attended(to: k(h, pass).reshaped(to: tokens), values: v(h, pass).reshaped(to: tokens))
    return try output(attended.reshaped(to: x.shape), residual: x, pass)
  }
}

extension Tensor {
  /// For each of these rows the number of a codebook's nearest row: the smallest `|e|² − 2 z·e`, the first of equal ones.
  ///
  /// - self: [rows, width]; book: [codes, width]; no gradient passes
  package func nearestRows(of book: Tensor) throws -> IndexStorage {
    let (count, codes, width) = (shape[0], book.shape[0], book.shape[1])
    let norms = try Storage(count: codes, on: device)
    try device.reduce(
      .sumOfSquares, ReductionProblem(outer: codes, reduced: width, inner: 1), book.storage, into: norms)
    let distances = try detached.multiplied(by: book.detached, otherTransposed: true, scale: -2).storage
    try device.combineRows(.add, distances, vector: norms, into: distances)
    let found = try IndexStorage(count: count, on: device)
    try device.position(
      ofSmallest: true, ReductionProblem(outer: count, reduced: codes, inner: 1), distances, into: found)
    return found
  }
}
