import Compute
import TestSupport
import Testing

@Suite("Moving elements")
struct IndexingKernelTests {
  @Test(arguments: TestDevice.all, [1, 7, 64, 65])
  func rowsAreGathered(_ tested: TestDevice, width: Int) throws {
    let x = (0..<(11 * width)).map(Float.init)
    let indices: [Int32] = [10, 0, 3, 3, 7]
    let y = try Storage(count: indices.count * width, on: tested.device)
    try tested.device.gatherRows(
      Storage(x, on: tested.device), width: width, indices: IndexStorage(indices, on: tested.device), into: y)
    #expect(try y.values() == indices.flatMap { row in x[(Int(row) * width)..<((Int(row) + 1) * width)] })
  }

  @Test(arguments: TestDevice.all)
  func anIndexOutsideGivesNaN(_ tested: TestDevice) throws {
    let y = try Storage(count: 6, on: tested.device)
    try tested.device.gatherRows(
      Storage([1, 2, 3, 4], on: tested.device), width: 2, indices: IndexStorage([1, -1, 2], on: tested.device), into: y)
    let values = try y.values()
    #expect(Array(values[..<2]) == [3, 4])
    #expect(values[2...].allSatisfy { $0.isNaN })
  }

  @Test(arguments: TestDevice.all)
  func aRectangleIsCopiedAndTheRestKept(_ tested: TestDevice) throws {
    let x = (0..<35).map(Float.init)
    let y = try Storage([Float](repeating: -1, count: 30), on: tested.device)
    let block = try BlockCopy(
      rows: 3, columns: 2, sourceOffset: 8, sourceStride: 7, targetOffset: 5, targetStride: 10)
    try tested.device.copy(block, from: Storage(x, on: tested.device), into: y)
    var expected = [Float](repeating: -1, count: 30)
    for row in 0..<3 { for column in 0..<2 { expected[5 + row * 10 + column] = x[8 + row * 7 + column] } }
    #expect(try y.values() == expected)
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

  @Test(
    arguments: TestDevice.all,
    [[0, 1, 2, 3], [3, 2, 1, 0], [0, 3, 1, 2], [0, 2, 3, 1], [2, 0, 3, 1], [1, 0, 3, 2]])
  func axesArePermuted(_ tested: TestDevice, _ order: [Int]) throws {
    let extents = [2, 3, 5, 7]
    let p = try PermutationProblem(input: Shape(extents), order: order)
    let x = (0..<p.count).map(Float.init)
    let y = try Storage(count: p.count, on: tested.device)
    try tested.device.permute(p, Storage(x, on: tested.device), into: y)
    let strides = [105, 35, 7, 1]
    var expected: [Float] = []
    for a in 0..<extents[order[0]] {
      for b in 0..<extents[order[1]] {
        for c in 0..<extents[order[2]] {
          for d in 0..<extents[order[3]] {
            expected.append(
              x[a * strides[order[0]] + b * strides[order[1]] + c * strides[order[2]] + d * strides[order[3]]])
          }
        }
      }
    }
    #expect(try y.values() == expected)
    #expect(p.output.extents == order.map { extents[$0] })
  }

  @Test func anOrderThatIsNoPermutationThrows() {
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [2, 3], order: [0, 0]) }
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [2, 3], order: [0]) }
    #expect(throws: ShapeError.self) { try PermutationProblem(input: [1, 1, 1, 1, 2], order: [0, 1, 2, 3, 4]) }
  }
}
