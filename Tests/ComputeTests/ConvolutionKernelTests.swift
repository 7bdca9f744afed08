import Compute
import TestSupport
import Testing

/// A convolution's numbers, short enough to stand in a list.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  let input: Shape
  let outputs: Int
  let kernel: Extent2D
  var stride: Extent2D = 1
  var padding: Padding = 0
  var dilation: Extent2D = 1
  var groups = 1

  var problem: ConvolutionProblem {
    get throws {
      try ConvolutionProblem(
        input: input, weight: [kernel.height, kernel.width, input[3] / groups, outputs], stride: stride,
        padding: padding, dilation: dilation, groups: groups)
    }
  }

  var testDescription: String {
    "\(input) to \(outputs), kernel \(kernel), stride \(stride), padding \(padding), dilation \(dilation), "
      + "\(groups) groups"
  }

  /// Sizes around the widths of vectors, panels and tiles: 1, primes, one less and one more.
  static let all: [ConvolutionCase] = [
    .init(input: [1, 1, 1, 1], outputs: 1, kernel: 1),
    .init(input: [1, 7, 5, 17], outputs: 16, kernel: 1),
    .init(input: [3, 6, 7, 15], outputs: 65, kernel: 1),
    .init(input: [1, 9, 49, 8], outputs: 31, kernel: 1, stride: 2),
    .init(
      input: [1, 12, 11, 3], outputs: 32, kernel: 3, stride: 2, padding: Padding(top: 0, left: 0, bottom: 1, right: 1)),
    .init(input: [2, 13, 8, 5], outputs: 33, kernel: 3, padding: 1),
    .init(input: [1, 5, 67, 16], outputs: 17, kernel: 3, padding: 1),
    .init(
      input: [1, 9, 10, 4], outputs: 7, kernel: Extent2D(1, 5), padding: Padding(top: 0, left: 3, bottom: 0, right: 1)),
    .init(
      input: [1, 14, 9, 6], outputs: 9, kernel: Extent2D(5, 2), stride: Extent2D(3, 1),
      padding: Padding(top: 4, left: 0, bottom: 0, right: 1)),
    .init(input: [1, 11, 13, 7], outputs: 8, kernel: 3, padding: 2, dilation: 2),
    .init(input: [1, 8, 8, 2], outputs: 3, kernel: 7, padding: 3),
    .init(input: [3, 3, 3, 2], outputs: 2, kernel: 3),
    .init(input: [1, 6, 5, 12], outputs: 8, kernel: 3, padding: 1, groups: 4),
    .init(
      input: [2, 5, 7, 6], outputs: 12, kernel: Extent2D(3, 1), stride: 2,
      padding: Padding(top: 1, left: 0, bottom: 1, right: 0), groups: 3),
    .init(input: [1, 7, 9, 8], outputs: 16, kernel: 3, padding: 1, groups: 8),
    .init(input: [1, 1, 1, 1], outputs: 1, kernel: 3, padding: 1),
    .init(input: [3, 9, 11, 19], outputs: 19, kernel: 3, padding: 1, groups: 19),
    .init(
      input: [1, 14, 15, 33], outputs: 33, kernel: 5, stride: 2, padding: Padding(top: 1, left: 1, bottom: 2, right: 2),
      groups: 33),
    .init(input: [1, 10, 6, 8], outputs: 8, kernel: 3, padding: 2, dilation: 2, groups: 8),
    .init(input: [2, 4, 4, 16], outputs: 16, kernel: 5, padding: 4, groups: 16),
  ]
}

@Suite("Convolutions")
struct ConvolutionKernelTests {
  @Test(arguments: TestDevice.all, ConvolutionCase.all)
  func wholeNumbersAreExact(_ tested: TestDevice, _ tried: ConvolutionCase) throws {
    let p = try tried.problem
    var random = Reproducible(p.inputCount)
    let (x, w) = (random.integers(p.inputCount), random.integers(p.weightCount))
    let y = try run(p, x, w, epilogue: Epilogue(), on: tested.device)
    #expect(y.map(Double.init) == Reference.convolve(p, x, w))
  }

  @Test(arguments: TestDevice.all, Activation.allCases)
  func theEpilogueAddsBiasAndResidualThenActivates(_ tested: TestDevice, _ activation: Activation) throws {
    for tried in [ConvolutionCase.all[4], ConvolutionCase.all[12], ConvolutionCase.all[16]] {
      let p = try tried.problem
      var random = Reproducible(7)
      let (x, w) = (random.floats(p.inputCount), random.floats(p.weightCount))
      let (bias, residual) = (random.floats(p.outputChannels), random.floats(p.outputCount).map { 4 * $0 })
      let epilogue = Epilogue(
        bias: try Storage(bias, on: tested.device), residual: try Storage(residual, on: tested.device),
        activation: activation)
      let y = try run(p, x, w, epilogue: epilogue, on: tested.device)
      let expected = Reference.convolve(p, x, w).enumerated().map { index, sum in
        activation.reference(sum + Double(bias[index % p.outputChannels]) + Double(residual[index]))
      }
      let terms = p.weightCount / p.outputChannels
      #expect(relativeError(y, expected) <= sumTolerance(terms: terms) + functionTolerance, "\(tried)")
    }
  }

  @Test(arguments: TestDevice.all)
  func theSameCallGivesTheSameBits(_ tested: TestDevice) throws {
    let p = try ConvolutionCase(input: [1, 19, 23, 31], outputs: 37, kernel: 3, padding: 1).problem
    var random = Reproducible(3)
    let (x, w) = (random.floats(p.inputCount), random.floats(p.weightCount))
    let first = try run(p, x, w, epilogue: Epilogue(), on: tested.device)
    let second = try run(p, x, w, epilogue: Epilogue(), on: tested.device)
    #expect(first == second)
  }

  /// One weight array that serves two problems must not be packed for one and used for the other.
  @Test(arguments: TestDevice.all)
  func oneWeightArrayServesSeveralShapes(_ tested: TestDevice) throws {
    var random = Reproducible(5)
    let (x, w) = (random.integers(6 * 6 * 4), random.integers(3 * 3 * 4 * 2))
    let weight = try Storage(w, on: tested.device)
    for (kernel, outputs) in [(3, 2), (1, 18), (3, 2)] {
      let p = try ConvolutionProblem(input: [1, 6, 6, 4], weight: [kernel, kernel, 4, outputs])
      let y = try Storage(count: p.outputCount, on: tested.device)
      try tested.device.convolve(p, Storage(x, on: tested.device), weight, epilogue: Epilogue(), into: y)
      #expect(try y.values().map(Double.init) == Reference.convolve(p, x, w))
    }
  }

  @Test(arguments: TestDevice.all)
  func aWrongCountIsAnError(_ tested: TestDevice) throws {
    let p = try ConvolutionCase(input: [1, 4, 4, 2], outputs: 3, kernel: 3).problem
    let device = tested.device
    let (x, w) = (try Storage(count: 32, on: device), try Storage(count: 54, on: device))
    #expect(
      throws: ShapeError.mismatch(operation: "convolve", argument: "y", expected: [12], found: [13])
    ) { try device.convolve(p, x, w, epilogue: Epilogue(), into: Storage(count: 13, on: device)) }
    #expect(
      throws: ShapeError.mismatch(operation: "convolve", argument: "bias", expected: [3], found: [2])
    ) {
      try device.convolve(
        p, x, w, epilogue: Epilogue(bias: Storage(count: 2, on: device)), into: Storage(count: 12, on: device))
    }
  }

  private func run(
    _ p: ConvolutionProblem, _ x: [Float], _ w: [Float], epilogue: Epilogue, on device: any Device
  ) throws -> [Float] {
    let y = try Storage(count: p.outputCount, on: device)
    try device.convolve(p, Storage(x, on: device), Storage(w, on: device), epilogue: epilogue, into: y)
    return try y.values()
  }
}
