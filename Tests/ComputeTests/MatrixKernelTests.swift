import Compute
import TestSupport
import Testing

@Suite("Matrix products")
struct MatrixKernelTests {
  private static let extents = [
    (1, 1, 1), (2, 7, 15), (17, 16, 31), (33, 63, 64), (65, 17, 129), (1, 127, 3), (50, 1, 70),
  ]
  private static let transposes = [(false, false), (false, true), (true, false), (true, true)]

  @Test(arguments: TestDevice.all, extents)
  func wholeNumbersAreExactInEveryTransposition(_ tested: TestDevice, _ extents: (Int, Int, Int)) throws {
    for (transposeA, transposeB) in Self.transposes {
      for batch in [1, 3] {
        let p = try MatrixProblem(
          batch: batch, rows: extents.0, columns: extents.1, depth: extents.2, transposeA: transposeA,
          transposeB: transposeB)
        var random = Reproducible(p.aCount)
        let (a, b) = (random.integers(p.aCount), random.integers(p.bCount))
        let c = try Storage(count: p.cCount, on: tested.device)
        try tested.device.multiply(
          p, Storage(a, on: tested.device), Storage(b, on: tested.device), into: c, scale: 1, accumulate: false)
        #expect(try c.values().map(Double.init) == Reference.multiply(p, a, b), "\(p)")
      }
    }
  }

  @Test(arguments: TestDevice.all)
  func scaleAndAccumulateApply(_ tested: TestDevice) throws {
    let p = try MatrixProblem(batch: 2, rows: 19, columns: 35, depth: 21)
    var random = Reproducible(1)
    let (a, b, start) = (random.integers(p.aCount), random.integers(p.bCount), random.integers(p.cCount))
    let c = try Storage(start, on: tested.device)
    try tested.device.multiply(
      p, Storage(a, on: tested.device), Storage(b, on: tested.device), into: c, scale: 0.5, accumulate: true)
    let expected = zip(Reference.multiply(p, a, b), start).map { 0.5 * $0 + Double($1) }
    #expect(try c.values().map(Double.init) == expected)
  }

  /// Fresh memory may hold NaN: it must not survive a product that does not accumulate.
  @Test(arguments: TestDevice.all)
  func theResultIsNotReadWithoutAccumulate(_ tested: TestDevice) throws {
    let p = try MatrixProblem(rows: 13, columns: 21, depth: 5)
    let c = try Storage([Float](repeating: .nan, count: p.cCount), on: tested.device)
    try tested.device.multiply(
      p, Storage([Float](repeating: 1, count: p.aCount), on: tested.device),
      Storage([Float](repeating: 1, count: p.bCount), on: tested.device), into: c, scale: 1, accumulate: false)
    #expect(try c.values() == [Float](repeating: 5, count: p.cCount))
  }

  @Test(arguments: TestDevice.all)
  func longSumsStayWithinFloat32(_ tested: TestDevice) throws {
    let p = try MatrixProblem(rows: 9, columns: 18, depth: 2049)
    var random = Reproducible(2)
    let (a, b) = (random.floats(p.aCount), random.floats(p.bCount))
    let c = try Storage(count: p.cCount, on: tested.device)
    try tested.device.multiply(
      p, Storage(a, on: tested.device), Storage(b, on: tested.device), into: c, scale: 1, accumulate: false)
    #expect(try relativeError(c.values(), Reference.multiply(p, a, b)) <= sumTolerance(terms: p.depth))
  }

  @Test func productsBeyond32BitIndicesThrow() {
    #expect(throws: ShapeError.self) { try MatrixProblem(rows: 1 << 16, columns: 1 << 16, depth: 1) }
    #expect(throws: ShapeError.self) { try MatrixProblem(rows: 0, columns: 1, depth: 1) }
  }
}
