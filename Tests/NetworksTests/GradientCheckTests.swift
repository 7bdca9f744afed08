import Compute
import Networks
import Tensors
import TestSupport
import Testing

/// Derivatives by the tape against central differences, of whole layers and losses.
@Suite("Gradients against differences")
struct GradientCheckTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let operands: [Shape]
    let make: @Sendable (NetworkBuilder) throws -> (_ x: [Tensor], _ pass: Pass) throws -> Tensor
    var testDescription: String { name }

    init(
      _ name: String, _ operands: [Shape],
      _ make: @escaping @Sendable (NetworkBuilder) throws -> ([Tensor], Pass) throws -> Tensor
    ) {
      self.name = name
      self.operands = operands
      self.make = make
    }
  }

  private static let picture: Shape = [2, 5, 3, 4]
  private static let rows: Shape = [5, 6]

  static let layers: [Case] = [
    Case("convolution", [picture]) {
      let layer = try ConvolutionLayer($0, inputs: 4, outputs: 3, kernel: 3, stride: Extent2D(2, 1), padding: 1)
      return { try layer($0[0], $1) }
    },
    Case("grouped convolution", [picture]) {
      let layer = try ConvolutionLayer($0, inputs: 4, outputs: 6, kernel: 1, groups: 2, hasBias: false)
      return { try layer($0[0], $1) }
    },
    Case("transposed convolution", [picture]) {
      let layer = try TransposedConvolutionLayer($0, inputs: 4, outputs: 3, kernel: 4, stride: 2, padding: 1)
      return { try layer($0[0], $1) }
    },
    Case("linear", [rows]) {
      let layer = try LinearLayer($0, inputs: 6, outputs: 7)
      return { try layer($0[0], $1) }
    },
    Case("batch normalisation", [picture]) {
      let layer = try BatchNormalizationLayer($0, channels: 4, scale: .uniform(bound: 2))
      return { try layer($0[0], $1) }
    },
    Case("batch normalisation, running", [picture]) {
      let layer = try BatchNormalizationLayer($0, channels: 4, scale: .uniform(bound: 2))
      return { x, pass in
        var pass = pass
        pass.isTraining = false
        return try layer(x[0], pass)
      }
    },
    Case("group normalisation", [picture]) {
      let layer = try GroupNormalizationLayer($0, channels: 4, groups: 2)
      return { try layer($0[0], $1) }
    },
    Case("layer normalisation", [rows]) {
      let layer = try LayerNormalizationLayer($0, width: 6)
      return { try layer($0[0], $1) }
    },
    Case("residual block", [picture]) {
      let block = try ResidualBlock($0, 4, 3, stride: 2)
      return { try block($0[0], $1) }
    },
    Case("transformer block", [[2, 5, 24]]) {
      let block = try TransformerBlock($0)
      return { try block($0[0], $1) }
    },
  ]

  private static func loss(
    _ name: String, _ operands: [Shape], _ loss: @escaping @Sendable ([Tensor]) throws -> Tensor
  ) -> Case { Case(name, operands) { _ in { x, _ in try loss(x) } } }

  static let losses: [Case] = [
    loss("mean square", [rows, rows]) { try Loss.meanSquare($0[0], $0[1]) },
    loss("mean absolute", [rows, rows]) { try Loss.meanAbsolute($0[0], $0[1]) },
    loss("cross-entropy", [rows]) {
      let labels = try Tensor((0..<30).map { $0 % 6 == $0 / 6 ? 1 : 0 }, shape: rows, on: $0[0].device)
      return try Loss.crossEntropy($0[0], labels: labels)
    },
    loss("Gaussian divergence", [rows, rows]) { try Loss.gaussianDivergence(means: $0[0], logVariances: $0[1]) },
    loss("binary cross-entropy", [rows, rows]) { try Loss.binaryCrossEntropy(logits: $0[0], targets: $0[1]) },
    loss("hinge discriminator", [rows, [7]]) { try Loss.hingeDiscriminator(real: $0[0], fake: $0[1]) },
    loss("hinge generator", [rows]) { try Loss.hingeGenerator(fake: $0[0]) },
    loss("log-sigmoid likelihood", [rows]) { try Loss.logSigmoidLikelihood($0[0]) },
    loss("smooth absolute", [rows, rows]) { try Loss.smoothAbsolute($0[0], $0[1], beta: 0.5) },
    loss("cosine", [rows, rows]) { try Loss.cosine($0[0], $0[1]) },
    loss("perceptual", [picture, picture, [4]]) { try Loss.perceptual($0[0], $0[1], weights: $0[2]) },
    loss("hardest", [rows]) { try Loss.hardest($0[0], quantile: 0.8) },
    loss("soft-plus", [rows]) { try $0[0].softPlus(beta: 2) },
  ]

  private func check(_ found: Case, on device: any Device) throws -> GradientCheck {
    let builder = NetworkBuilder(on: device, seed: 9)
    let function = try found.make(builder)
    var random = Reproducible(6)
    let operands = try found.operands.enumerated().map { index, shape in
      ("operand \(index)", try Tensor(random.floats(shape.count).map { 2 * $0 }, shape: shape, on: device))
    }
    return try GradientCheck(operands, parameters: builder.parameters, samples: 4) { tensors, tape in
      var pass = Pass(tape: tape, isTraining: true)
      pass.isRepeated = true
      return try function(tensors, pass)
    }
  }

  @Test(arguments: TestDevice.all, layers + losses)
  func derivativesAreThose(_ tested: TestDevice, _ found: Case) throws {
    let check = try check(found, on: tested.device)
    #expect(check.isSound, "\(found.name): \(check.worst.map { "\($0)" } ?? "nothing")")
    #expect(check.findings.count >= found.operands.count)
  }

  /// The check itself: wrong derivatives by a hundredth, lost ones, and none are found.
  @Test(arguments: TestDevice.all)
  func wrongDerivativesAreFound(_ tested: TestDevice) throws {
    let x = try Tensor([0.5, -1, 2, 3], shape: [4], on: tested.device)
    func isSound(_ function: @escaping (Tensor) throws -> Tensor) throws -> Bool {
      try GradientCheck([("x", x)]) { tensors, _ in try function(tensors[0]) }.isSound
    }
    #expect(try isSound { try $0.mapped(.square) })
    #expect(try !isSound { try $0.combined(.multiply, with: $0.detached) })
    #expect(try !isSound { try $0.mapped(.square).straightThrough(to: $0) })
    // Forwards e^x, backwards 1.01 e^x.
    #expect(
      try !isSound {
        try $0.mapped(.exponential).detached.straightThrough(to: $0.mapped(.exponential).affine(scale: 1.01, shift: 0))
      })
    #expect(try !isSound { try $0.affine(scale: .nan, shift: 0) })
  }

  /// A kink is not claimed to be smooth, and the values of parameters are put back.
  @Test func parametersKeepTheirValues() throws {
    let builder = NetworkBuilder(on: TestDevice.all[0].device, seed: 2)
    let layer = try LinearLayer(builder, inputs: 3, outputs: 2)
    let before = try builder.values().map(\.values)
    let x = try Tensor([1, 2, 3], shape: [1, 3], on: builder.device)
    #expect(try GradientCheck([("x", x)], parameters: builder.parameters) { try layer($0[0], Pass(tape: $1)) }.isSound)
    #expect(try builder.values().map(\.values) == before)
  }
}
