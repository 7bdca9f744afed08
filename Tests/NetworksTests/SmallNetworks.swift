import Compute
import Networks
import Tensors

/// The networks of `make_training_fixtures.py`.
struct ResidualBlock {
  let conv1, conv2, shortcut: ConvolutionLayer
  let bn1, bn2: BatchNormalizationLayer

  init(_ builder: NetworkBuilder, _ inputs: Int, _ outputs: Int, stride: Int) throws {
    let stride = Extent2D(stride, stride)
    conv1 = try ConvolutionLayer(
      builder["conv1"], inputs: inputs, outputs: outputs, kernel: 3, stride: stride, padding: 1, hasBias: false)
    bn1 = try BatchNormalizationLayer(builder["bn1"], channels: outputs)
    conv2 = try ConvolutionLayer(
      builder["conv2"], inputs: outputs, outputs: outputs, kernel: 3, padding: 1, hasBias: false)
    bn2 = try BatchNormalizationLayer(builder["bn2"], channels: outputs)
    shortcut = try ConvolutionLayer(
      builder["shortcut"], inputs: inputs, outputs: outputs, kernel: 1, stride: stride, hasBias: false)
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let y = try bn2(conv2(bn1(conv1(x, pass), pass).activated(.relu), pass), pass)
    return try y.combined(.add, with: shortcut(x, pass)).activated(.relu)
  }
}

struct ResidualNetwork {
  let conv: ConvolutionLayer
  let blocks: [ResidualBlock]
  let head: LinearLayer

  init(_ builder: NetworkBuilder) throws {
    conv = try ConvolutionLayer(builder["0"], inputs: 3, outputs: 8, kernel: 3, padding: 1)
    blocks = [
      try ResidualBlock(builder["1"], 8, 12, stride: 2), try ResidualBlock(builder["2"], 12, 16, stride: 1),
    ]
    head = try LinearLayer(builder["5"], inputs: 16, outputs: 5)
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let features = try blocks.reduce(conv(x, pass)) { try $1($0, pass) }
    let pooled = try features.globallyPooled(.average(paddingCounts: false))
    return try head(pooled.reshaped(to: [x.shape[0], 16]), pass)
  }
}

/// A vector-quantised autoencoder as VQGAN has it, small.
struct QuantizedAutoencoder {
  let convIn, conv, q, k, v, projection, quantConv, convOut: ConvolutionLayer
  let norm: GroupNormalizationLayer
  let up: TransposedConvolutionLayer
  let codes: Parameter

  init(_ builder: NetworkBuilder) throws {
    convIn = try ConvolutionLayer(builder["conv_in"], inputs: 3, outputs: 16, kernel: 3, stride: 2, padding: 1)
    norm = try GroupNormalizationLayer(builder["norm"], channels: 16, groups: 4)
    conv = try ConvolutionLayer(builder["conv"], inputs: 16, outputs: 16, kernel: 3, padding: 1)
    func pointwise(_ name: String, _ outputs: Int) throws -> ConvolutionLayer {
      try ConvolutionLayer(builder[name], inputs: 16, outputs: outputs, kernel: 1)
    }
    (q, k, v) = (try pointwise("q", 16), try pointwise("k", 16), try pointwise("v", 16))
    projection = try pointwise("proj_out", 16)
    quantConv = try pointwise("quant_conv", 8)
    codes = try builder["embedding"].parameter("weight", [12, 8], .uniform(bound: 1 / 12))
    up = try TransposedConvolutionLayer(builder["up"], inputs: 8, outputs: 16, kernel: 4, stride: 2, padding: 1)
    convOut = try ConvolutionLayer(builder["conv_out"], inputs: 16, outputs: 3, kernel: 3, padding: 1)
  }

  /// - result: the picture, and the loss of codebook and commitment
  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> (picture: Tensor, loss: Tensor) {
    var h = try convIn(x, pass)
    h = try h.combined(.add, with: conv(norm(h, pass).activated(.silu), pass))
    let (batch, height, width) = (h.shape[0], h.shape[1], h.shape[2])
    let heads: Shape = [batch, height * width, 1, 16]
    let attended = try q(h, pass).reshaped(to: heads)
      .attended(to: k(h, pass).reshaped(to: heads), values: v(h, pass).reshaped(to: heads)).reshaped(to: h.shape)
    let z = try quantConv(h.combined(.add, with: projection(attended, pass)), pass)
    let rows = try z.reshaped(to: [batch * height * width, 8])
    let book = codes.tensor(on: pass.tape)
    let nearest = try book.gatheredRows(nearestCodes(rows))
    let loss = try Loss.meanSquare(nearest, rows.detached)
      .combined(.add, with: Loss.meanSquare(nearest.detached, rows).affine(scale: 0.25, shift: 0))
    let passed = try nearest.straightThrough(to: rows).reshaped(to: z.shape)
    return (try convOut(up(passed, pass).activated(.silu), pass), loss)
  }

  /// On the host: there are twelve codes.
  private func nearestCodes(_ rows: Tensor) throws -> IndexStorage {
    let (values, book) = (try rows.values(), try codes.storage.values())
    let found = (0..<rows.shape[0]).map { row -> Int32 in
      let distances = (0..<12).map { code in
        (0..<8).reduce(Float(0)) { sum, axis in
          let difference = values[row * 8 + axis] - book[code * 8 + axis]
          return sum + difference * difference
        }
      }
      return Int32(distances.indices.min { distances[$0] < distances[$1] } ?? 0)
    }
    return try IndexStorage(found, on: rows.device)
  }
}

struct TransformerBlock {
  let before, between: LayerNormalizationLayer
  let q, k, v, out, expand, contract: LinearLayer

  init(_ builder: NetworkBuilder) throws {
    before = try LayerNormalizationLayer(builder["ln_1"], width: 24)
    between = try LayerNormalizationLayer(builder["ln_2"], width: 24)
    func linear(_ name: String, _ inputs: Int, _ outputs: Int) throws -> LinearLayer {
      try LinearLayer(builder[name], inputs: inputs, outputs: outputs)
    }
    (q, k, v) = (try linear("q", 24, 24), try linear("k", 24, 24), try linear("v", 24, 24))
    out = try linear("out", 24, 24)
    (expand, contract) = (try linear("c_fc", 24, 96), try linear("c_proj", 96, 24))
  }

  func callAsFunction(_ x: Tensor, _ pass: Pass) throws -> Tensor {
    let (batch, tokens) = (x.shape[0], x.shape[1])
    let (rows, heads): (Shape, Shape) = ([batch * tokens, 24], [batch, tokens, 3, 8])
    let h = try before(x, pass).reshaped(to: rows)
    let attended = try q(h, pass).reshaped(to: heads)
      .attended(to: k(h, pass).reshaped(to: heads), values: v(h, pass).reshaped(to: heads)).reshaped(to: rows)
    let y = try x.reshaped(to: rows).combined(.add, with: out(attended, pass))
    return try y.combined(.add, with: contract(expand(between(y, pass), pass).activated(.gelu), pass))
      .reshaped(to: x.shape)
  }
}
