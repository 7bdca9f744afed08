import Compute
import TestSupport
import Testing

/// What must hold whatever a reference says: a mistake that device and reference share breaks these.
@Suite("Properties of operations")
struct PropertyTests {
  private func convolved(
    _ x: [Float], _ input: Shape, _ w: [Float], _ weight: Shape, padding: Padding = 1, groups: Int = 1,
    on device: any Device
  ) throws -> [Float] {
    let p = try ConvolutionProblem(input: input, weight: weight, padding: padding, groups: groups)
    let y = try Storage(count: p.outputCount, on: device)
    try device.convolve(p, Storage(x, on: device), Storage(w, on: device), epilogue: Epilogue(), into: y)
    return try y.values()
  }

  /// A kernel with a 1 in its middle on the diagonal of the channels.
  @Test(arguments: TestDevice.all)
  func aConvolutionWithDeltaIsTheIdentity(_ tested: TestDevice) throws {
    var random = Reproducible(1)
    let x = random.floats(2 * 9 * 7 * 17)
    var w = [Float](repeating: 0, count: 9 * 17 * 17)
    for c in 0..<17 { w[(4 * 17 + c) * 17 + c] = 1 }
    #expect(try convolved(x, [2, 9, 7, 17], w, [3, 3, 17, 17], on: tested.device) == x)
    let depthwise = (0..<9).flatMap { tap in [Float](repeating: tap == 4 ? 1 : 0, count: 17) }
    #expect(try convolved(x, [2, 9, 7, 17], depthwise, [3, 3, 1, 17], groups: 17, on: tested.device) == x)
  }

  @Test(arguments: TestDevice.all)
  func aBatchIsItsPicturesOneByOne(_ tested: TestDevice) throws {
    var random = Reproducible(2)
    let (one, two) = (random.floats(11 * 5 * 19), random.floats(11 * 5 * 19))
    for (weight, groups) in [([3, 3, 19, 33] as Shape, 1), ([3, 3, 1, 19], 19)] {
      let w = random.floats(weight.count)
      let both = try convolved(one + two, [2, 11, 5, 19], w, weight, groups: groups, on: tested.device)
      let single = try [one, two].flatMap {
        try convolved($0, [1, 11, 5, 19], w, weight, groups: groups, on: tested.device)
      }
      #expect(both == single)
    }
  }

  /// Whole numbers, so that both sides are exact.
  @Test(arguments: TestDevice.all)
  func aConvolutionIsLinear(_ tested: TestDevice) throws {
    var random = Reproducible(3)
    let (a, b, w) = (random.integers(8 * 8 * 5), random.integers(8 * 8 * 5), random.integers(9 * 5 * 7))
    let parts = try [a, b].map { try convolved($0, [1, 8, 8, 5], w, [3, 3, 5, 7], on: tested.device) }
    let whole = try convolved(zip(a, b).map { 3 * $0 - $1 }, [1, 8, 8, 5], w, [3, 3, 5, 7], on: tested.device)
    #expect(whole == zip(parts[0], parts[1]).map { 3 * $0 - $1 })
  }

  /// Whole numbers, since BLAS sums in another order at the edge of its tiles.
  @Test(arguments: TestDevice.all)
  func outputsFollowTheirChannelsWherePermuted(_ tested: TestDevice) throws {
    var random = Reproducible(4)
    let (x, w) = (random.integers(6 * 5 * 13), random.integers(9 * 13 * 37))
    func turned(_ values: [Float]) -> [Float] {
      values.indices.map { index -> Float in
        let (row, channel) = (index / 37, (index + 10 - index / 37 * 37) % 37)
        return values[row * 37 + channel]
      }
    }
    let y = try convolved(x, [1, 6, 5, 13], w, [3, 3, 13, 37], on: tested.device)
    let z = try convolved(x, [1, 6, 5, 13], turned(w), [3, 3, 13, 37], on: tested.device)
    #expect(z == turned(y))
  }

  /// Halves and small whole numbers keep x + c exact.
  @Test(arguments: TestDevice.all)
  func softmaxDoesNotSeeAShift(_ tested: TestDevice) throws {
    var random = Reproducible(5)
    let x = random.integers(3 * 65)
    let p = try SoftmaxProblem(rows: 3, columns: 65)
    let results = try [Float(0), 512].map { shift in
      let y = try Storage(count: p.count, on: tested.device)
      try tested.device.softmax(p, Storage(x.map { $0 + shift }, on: tested.device), into: y)
      return try y.values()
    }
    #expect(results[0] == results[1])
  }

  @Test(arguments: TestDevice.all)
  func poolingUndoesDoubling(_ tested: TestDevice) throws {
    var random = Reproducible(6)
    let x = random.floats(2 * 7 * 5 * 9)
    let device = tested.device
    let up = try ResamplingProblem(.nearest, input: [2, 7, 5, 9], outputHeight: 14, outputWidth: 10)
    let large = try Storage(count: up.outputCount, on: device)
    try device.resample(up, Storage(x, on: device), into: large)
    let down = try PoolingProblem(.maximum, input: [2, 14, 10, 9], kernel: 2, stride: 2)
    let y = try Storage(count: down.outputCount, on: device)
    try device.pool(down, large, into: y)
    #expect(try y.values() == x)
  }

  @Test(arguments: TestDevice.all)
  func everyRowIsItsOwnNearest(_ tested: TestDevice) throws {
    var random = Reproducible(7)
    let (rows, width, device) = (257, 31, tested.device)
    let x = try Storage(random.floats(rows * width), on: device)
    let bank = try device.makeNeighbourBank(x, rows: rows, width: width)
    let (distances, indices) = (try Storage(count: rows, on: device), try IndexStorage(count: rows, on: device))
    try device.nearest(
      NeighbourProblem(queries: rows, rows: rows, width: width), queries: x, bank: bank, distances: distances,
      indices: indices)
    #expect(try indices.values() == (0..<Int32(rows)).map { $0 })
    #expect(try distances.values().allSatisfy { $0 == 0 })
  }

  @Test(arguments: TestDevice.all)
  func aCoresetsRadiusNeverGrows(_ tested: TestDevice) throws {
    var random = Reproducible(8)
    let problem = try CoresetProblem(rows: 700, width: 17, picks: 150)
    let state = try CoresetState(problem, on: tested.device)
    let x = try Storage(random.floats(700 * 17), on: tested.device)
    try tested.device.advanceCoreset(problem, x, state: state, stretch: 1..<150)
    let radii = try state.pickDistances.values().dropFirst()
    #expect(zip(radii, radii.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(radii.allSatisfy { $0 > 0 })
  }

  /// An array without elements is no launch, which no driver takes.
  @Test(arguments: TestDevice.all)
  func emptyArraysAreNothingToDo(_ tested: TestDevice) throws {
    let (x, y) = (try Storage(count: 0, on: tested.device), try Storage(count: 0, on: tested.device))
    try tested.device.fill(y, with: 1)
    try tested.device.activate(.gelu, x, into: y)
    try tested.device.combine(.add, x, x, into: y)
    try tested.device.affine(x, scale: 2, shift: 1, into: y)
    #expect(try y.values().isEmpty)
  }
}
