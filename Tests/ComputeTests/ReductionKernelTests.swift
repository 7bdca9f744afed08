import Compute
import Foundation
import TestSupport
import Testing

@Suite("Reductions and softmax")
struct ReductionKernelTests {
  private static let extents = [
    (1, 1, 1), (3, 64, 1), (7, 1009, 1), (1, 65, 5), (5, 3, 17), (2, 300, 3), (1, 70_001, 1),
  ]

  @Test(arguments: TestDevice.all, ReductionOperation.allCases)
  func reductionsEqualTheirDefinitions(_ tested: TestDevice, _ operation: ReductionOperation) throws {
    for (outer, reduced, inner) in Self.extents {
      let p = try ReductionProblem(outer: outer, reduced: reduced, inner: inner)
      var random = Reproducible(reduced)
      let x = random.floats(p.inputCount)
      let y = try Storage(count: p.outputCount, on: tested.device)
      try tested.device.reduce(operation, p, Storage(x, on: tested.device), into: y)
      let expected = (0..<p.outputCount).map { index in
        let values = column(index, p).map { Double(x[$0]) }
        return switch operation {
        case .sum: values.reduce(0, +)
        case .mean: values.reduce(0, +) / Double(reduced)
        case .sumOfSquares: values.reduce(0) { $0 + $1 * $1 }
        case .maximum: values.max() ?? .nan
        case .minimum: values.min() ?? .nan
        }
      }
      // Sums of n random values reach √n, so the tolerance is relative to that, not to the terms.
      let scale = operation == .sum ? Double(reduced).squareRoot() : operation == .sumOfSquares ? Double(reduced) : 1
      let errors = zip(try y.values(), expected).map { abs(Double($0) - $1) / scale }
      #expect(errors.allSatisfy { $0 <= sumTolerance(terms: reduced) }, "\(p)")
    }
  }

  @Test(arguments: TestDevice.all, [false, true])
  func positionsAreTheFirstOfEqualOnes(_ tested: TestDevice, smallest: Bool) throws {
    for (outer, reduced, inner) in Self.extents {
      let p = try ReductionProblem(outer: outer, reduced: reduced, inner: inner)
      var random = Reproducible(reduced + 1)
      let x = random.integers(p.inputCount, range: 3)
      let y = try IndexStorage(count: p.outputCount, on: tested.device)
      try tested.device.position(ofSmallest: smallest, p, Storage(x, on: tested.device), into: y)
      let expected = (0..<p.outputCount).map { index -> Int32 in
        let values = column(index, p).map { x[$0] }
        let best = smallest ? values.min() : values.max()
        return Int32(values.firstIndex { $0 == best } ?? -1)
      }
      #expect(try y.values() == expected)
    }
  }

  @Test(arguments: TestDevice.all)
  func extremaKeepNaN(_ tested: TestDevice) throws {
    for count in [3, 65, 200] {
      for operation in [ReductionOperation.maximum, .minimum, .sum] {
        var x = [Float](repeating: 1, count: count)
        x[count - 2] = .nan
        let y = try Storage(count: 1, on: tested.device)
        try tested.device.reduce(
          operation, ReductionProblem(outer: 1, reduced: count, inner: 1), Storage(x, on: tested.device), into: y)
        #expect(try y.values()[0].isNaN)
      }
    }
  }

  @Test(arguments: TestDevice.all, [false, true])
  func softmaxEqualsItsDefinition(_ tested: TestDevice, logarithmic: Bool) throws {
    for (rows, columns) in [(1, 1), (3, 7), (5, 64), (2, 1000), (65, 33)] {
      let p = try SoftmaxProblem(rows: rows, columns: columns, logarithmic: logarithmic)
      var random = Reproducible(columns)
      let x = random.floats(p.count).map { 20 * $0 + 100 }
      let y = try Storage(count: p.count, on: tested.device)
      try tested.device.softmax(p, Storage(x, on: tested.device), into: y)
      var expected: [Double] = []
      for row in 0..<rows {
        let line = x[(row * columns)..<((row + 1) * columns)].map(Double.init)
        let largest = line.max() ?? 0
        let sum = line.reduce(0) { $0 + exp($1 - largest) }
        expected += line.map { logarithmic ? $0 - largest - log(sum) : exp($0 - largest) / sum }
      }
      #expect(try relativeError(y.values(), expected) <= functionTolerance)
    }
  }

  @Test(arguments: TestDevice.all)
  func softmaxSpoilsOnlyTheRowOfANaN(_ tested: TestDevice) throws {
    let p = try SoftmaxProblem(rows: 3, columns: 3)
    let x: [Float] = [1, .nan, 2, -.infinity, -.infinity, -.infinity, 0, -.infinity, 0]
    let y = try Storage(count: 9, on: tested.device)
    try tested.device.softmax(p, Storage(x, on: tested.device), into: y)
    let values = try y.values()
    #expect(values[0...5].allSatisfy { $0.isNaN })
    #expect(Array(values[6...]) == [0.5, 0, 0.5])
  }

  private func column(_ index: Int, _ p: ReductionProblem) -> [Int] {
    (0..<p.reduced).map { (index / p.inner * p.reduced + $0) * p.inner + index % p.inner }
  }
}
