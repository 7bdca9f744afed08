import Compute
import TestSupport
import Testing

/// What device functions refuse. Their values are the catalogue's (`Tests/OpCatalogueTests`, `parity run`).
@Suite("Arguments of device functions")
struct KernelArgumentTests {
  @Test(arguments: TestDevice.all)
  func countsAndDevicesAreChecked(_ tested: TestDevice) throws {
    let device = tested.device
    let (three, four) = (try Storage(count: 3, on: device), try Storage(count: 4, on: device))
    #expect(throws: ShapeError.self) { try device.combine(.add, three, four, into: three) }
    #expect(throws: ShapeError.self) { try device.combineRows(.add, four, vector: three, into: four) }
    #expect(throws: ShapeError.self) { try device.activate(.relu, three, into: four) }
    for other in TestDevice.all where other.device !== device {
      let foreign = try Storage(count: 3, on: other.device)
      #expect(throws: DeviceError.self) { try device.combine(.add, three, foreign, into: three) }
    }
  }

  @Test(arguments: TestDevice.all)
  func aWrongCountIsNamed(_ tested: TestDevice) throws {
    let p = try ConvolutionProblem(input: [1, 4, 4, 2], weight: [3, 3, 2, 3])
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

  @Test(arguments: TestDevice.all)
  func attentionChecksEachArgument(_ tested: TestDevice) throws {
    let device = tested.device
    let p = try AttentionProblem(heads: 2, queries: 3, keys: 4, width: 5)
    let counts = [30, 40, 40, 30, 6]
    for (wrong, name) in ["q", "k", "v", "y", "logSums"].enumerated() {
      let a = try counts.indices.map { try Storage(count: counts[$0] + ($0 == wrong ? 1 : 0), on: device) }
      #expect(
        throws: ShapeError.mismatch(
          operation: "attend", argument: name, expected: [counts[wrong]], found: [counts[wrong] + 1])
      ) { try device.attend(p, a[0], a[1], a[2], into: a[3], logSums: a[4]) }
    }
    #expect(throws: ShapeError.self) { try AttentionProblem(heads: 1, queries: 1, keys: 1, width: 769) }
    #expect(throws: ShapeError.self) { try AttentionProblem(heads: 1, queries: 0, keys: 1, width: 1) }
  }

  @Test(arguments: TestDevice.all)
  func aRectangleThatLeavesAnArrayThrows(_ tested: TestDevice) throws {
    let (x, y) = (try Storage(count: 10, on: tested.device), try Storage(count: 9, on: tested.device))
    #expect(throws: ShapeError.self) {
      try tested.device.copy(BlockCopy(rows: 1, columns: 10), from: x, into: y)
    }
    #expect(throws: ShapeError.self) {
      try tested.device.copy(BlockCopy(rows: 2, columns: 5, sourceStride: 6), from: x, into: x)
    }
  }

  @Test func impossibleProblemsThrow() {
    // Products whose indices pass 32 bits, or are empty.
    #expect(throws: ShapeError.self) { try MatrixProblem(rows: 1 << 16, columns: 1 << 16, depth: 1) }
    #expect(throws: ShapeError.self) { try MatrixProblem(rows: 0, columns: 1, depth: 1) }
    // A window that may lie in the padding alone.
    #expect(throws: ShapeError.self) { try PoolingProblem(.maximum, input: [1, 5, 5, 1], kernel: 3, padding: 2) }
    // No permutations, and more axes than four.
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [2, 3], order: [0, 0]) }
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [2, 3], order: [0]) }
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [1, 1, 1, 1, 2], order: [0, 1, 2, 3, 4]) }
    // More rows asked for than there are, or than a search keeps.
    #expect(throws: ShapeError.self) { try NeighbourProblem(queries: 1, rows: 3, width: 2, count: 4) }
    #expect(throws: ShapeError.self) { try NeighbourProblem(queries: 1, rows: 300, width: 2, count: 33) }
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 4) }
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 0) }
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 1, first: 3) }
  }

  @Test func aPermutationHasItsOutputsShape() throws {
    #expect(try PermutationProblem(input: [2, 3, 5, 7], order: [2, 0, 3, 1]).output.extents == [5, 2, 7, 3])
  }
}
