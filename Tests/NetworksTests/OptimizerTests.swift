import Compute
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Optimisers, schedules and arenas")
struct OptimizerTests {
  private func parameters(_ tested: TestDevice) throws -> [Parameter] {
    try [("a", [1, -2, 3]), ("b", [0.5]), ("c", [Float](repeating: 0.25, count: 65))].map {
      try Parameter($0.0, Tensor($0.1, shape: [$0.1.count], on: tested.device))
    }
  }

  /// The sum of all values of all parameters, squared one by one.
  private func carryBack(_ parameters: [Parameter], scale: Float = 0.5) throws {
    let tape = Tape()
    for parameter in parameters {
      try tape.carryBack(from: parameter.tensor(on: tape).mapped(.square).affine(scale: scale, shift: 0))
    }
  }

  @Test(arguments: TestDevice.all)
  func anArenaKeepsValuesAndTakesGradients(_ tested: TestDevice) throws {
    let parameters = try parameters(tested)
    let before = try parameters.map { try $0.storage.values() }
    let arena = try ParameterArena(parameters)
    #expect(try parameters.map { try $0.storage.values() } == before)
    try carryBack(parameters)
    for (index, values) in before.enumerated() {
      #expect(try parameters[index].gradient.values() == values)
      #expect(try arena.part(index, of: arena.gradients) == values)
    }
    // Gaps hold zeros, or norms would be wrong.
    let sum = try arena.gradients.values().reduce(0) { $0 + $1 * $1 }
    #expect(abs(sum - before.joined().reduce(0) { $0 + $1 * $1 }) <= 1e-4)
  }

  @Test(arguments: TestDevice.all)
  func largeGradientsAreClippedToTheNorm(_ tested: TestDevice) throws {
    let parameters = try parameters(tested)
    let optimizer = try Optimizer(.momentum(0), ParameterArena(parameters), clippingNorm: 1)
    let before = try parameters.map { try $0.storage.values() }
    try carryBack(parameters)
    try optimizer.step(rate: 0.5)
    let norm = before.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(try optimizer.gradientNorm() - norm) <= 1e-5 * norm)
    for (parameter, values) in zip(parameters, before) {
      let expected = values.map { $0 - 0.5 * $0 / norm }
      try expectEqual(parameter.storage.values(), expected, within: Tolerance(ofLargest: 64))
    }
  }

  @Test(arguments: TestDevice.all, [Float.nan, .infinity])
  func gradientsThatAreNotFiniteChangeNothing(_ tested: TestDevice, _ bad: Float) throws {
    for clipping in [nil, 1] as [Float?] {
      let parameters = try parameters(tested)
      let optimizer = try Optimizer(.adam(), ParameterArena(parameters), clippingNorm: clipping)
      let before = try parameters.map { try $0.storage.values() }
      try carryBack(parameters)
      try carryBack([parameters[1]], scale: bad)
      try optimizer.step(rate: 0.5)
      #expect(try !optimizer.gradientNorm().isFinite)
      #expect(try parameters.map { try $0.storage.values() } == before)
      #expect(try optimizer.state[0].array.values().allSatisfy { $0 == 0 })
      // The next step is sound again.
      try carryBack(parameters)
      try optimizer.step(rate: 0.5)
      #expect(try parameters[0].storage.values() != before[0])
    }
  }

  @Test(arguments: TestDevice.all)
  func parametersWithoutGradientsStay(_ tested: TestDevice) throws {
    let parameters = try parameters(tested)
    let optimizer = try Optimizer(.momentum(0.9), ParameterArena(parameters))
    let before = try parameters[2].storage.values()
    try carryBack([parameters[0], parameters[1]])
    try optimizer.step(rate: 0.1)
    #expect(try parameters[2].storage.values() == before)
  }

  /// A convolution's weights are packed once; after a step it must compute with the new ones.
  @Test(arguments: TestDevice.all)
  func packedCopiesOfWeightsAreForgotten(_ tested: TestDevice) throws {
    let builder = NetworkBuilder(on: tested.device, seed: 1)
    let layer = try ConvolutionLayer(builder, inputs: 3, outputs: 17, kernel: 3, padding: 1)
    let x = try Tensor((0..<(7 * 5 * 3)).map { Float($0 % 11) / 11 }, shape: [1, 7, 5, 3], on: tested.device)
    let optimizer = try Optimizer(.momentum(0), ParameterArena(builder.parameters))
    let first = try layer(x, .inference).values()
    let tape = Tape()
    try tape.carryBack(from: layer(x, Pass(tape: tape)).reduced(.sum))
    try optimizer.step(rate: 0.01)
    let second = try layer(x, .inference)
    #expect(try second.values() != first)
    let fresh = try x.convolved(
      with: Tensor(layer.weight.storage.values(), shape: layer.weight.shape, on: tested.device),
      bias: layer.bias?.value, padding: 1)
    #expect(try second.values() == fresh.values())
  }

  @Test(arguments: TestDevice.all)
  func averagesFollowSlowly(_ tested: TestDevice) throws {
    let parameters = try parameters(tested)
    let arena = try ParameterArena(parameters)
    let average = try MovingAverage(arena, decay: 0.75)
    let optimizer = try Optimizer(.momentum(0), arena)
    try carryBack(parameters)
    try optimizer.step(rate: 1)
    // Values are 0 now: w − 1 · w.
    try average.follow()
    try expectEqual(arena.part(0, of: average.average), [0.75, -1.5, 2.25], within: Tolerance(ofEach: 4))
  }

  @Test func ratesFollowTheirSchedules() {
    #expect(LearningRate.constant(0.1).rate(at: 99) == 0.1)
    let steps = LearningRate.steps(0.1, every: 10, factor: 0.5)
    #expect([9, 10, 25].map(steps.rate(at:)) == [0.1, 0.05, 0.025])
    #expect(abs(LearningRate.exponential(2, factor: 0.9).rate(at: 3) - 2 * 0.729) <= 1e-15)
    let cosine = LearningRate.cosine(1, warmUp: 4, total: 24, final: 0.1)
    #expect([0, 1, 3].map(cosine.rate(at:)) == [0.25, 0.5, 1])
    #expect(cosine.rate(at: 4) == 1)
    #expect(abs(cosine.rate(at: 14) - 0.55) <= 1e-12)
    #expect(abs(cosine.rate(at: 24) - 0.1) <= 1e-12)
    #expect(abs(cosine.rate(at: 1000) - 0.1) <= 1e-12)
  }

  /// Variances of the first values, which are what references' initialisers are defined by.
  private static let variances: [(Initializer, Double)] = [
    (.kaimingNormal(fan: 64), 0.03125), (.framework(fanIn: 48), 0.00694444),
    (.xavierUniform(fanIn: 30, fanOut: 50), 0.025),
    (.normal(mean: 1, deviation: 0.02), 0.0004), (.uniform(bound: 0.5), 0.0833333),
  ]

  @Test(arguments: variances)
  func initialValuesHaveTheirVariance(_ initial: Initializer, _ variance: Double) throws {
    let builder = NetworkBuilder(on: TestDevice.all[0].device, seed: 7)
    let count = 1 << 16
    let values = try builder.parameter("w", [count], initial).storage.values().map(Double.init)
    let mean = values.reduce(0, +) / Double(count)
    let found = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    // The deviation of a variance of so many numbers is at most √(2 / n) of it: four of these.
    #expect(abs(found / variance - 1) <= 4 * (2 / Double(count)).squareRoot())
    if case .normal(let expected, let deviation) = initial {
      #expect(abs(mean - Double(expected)) <= 4 * Double(deviation) / Double(count).squareRoot())
    }
    let other = try builder.parameter("v", [count], initial).storage.values()
    #expect(other.map(Double.init) != values)
  }
}
