public import Compute

/// A quick proof that a device computes: one small problem of each family that the detectors lean on, against sums in
/// Double made here. Drivers that build every kernel and answer nonsense are found before a run trusts them.
public enum SelfTest {
  /// - Throws: ``DeviceError/selfTest(device:reason:)``, or what the device threw.
  public static func run(on device: any Device) throws {
    for (name, check) in checks {
      let error = try check(device)
      guard error <= largestError else {
        throw DeviceError.selfTest(device: device.traits.name, reason: "\(name) is wrong by \(error)")
      }
    }
  }

  /// Sums here have at most 288 terms of size 1: correct Float32 stays below 1e-5, a wrong index is off by 0.1 or more.
  private static let largestError = 1e-4

  private static let checks: [(String, @Sendable (any Device) throws -> Double)] = [
    ("the round trip of memory", roundTrip), ("the matrix product", matrixProduct), ("the convolution", convolution),
    ("the depthwise convolution", depthwise), ("the row sum", rowSum), ("softmax", softmax),
    ("the nearest-neighbour search", nearest), ("the coreset", coreset), ("the treatment of NaN", notANumber),
  ]

  /// Reproducible values in [−1, 1) without a pattern that a wrong stride would preserve.
  private static func values(_ count: Int, seed: UInt32) -> [Float] {
    var state = seed &* 2_654_435_769 | 1
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 17
      state ^= state << 5
      return Float(Int32(bitPattern: state) >> 8) / 8_388_608
    }
  }

  /// The largest difference; NaN when any value is NaN, which passes no limit.
  private static func largestDifference(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let differences = zip(found, expected).map { abs(Double($0) - $1) }
    return differences.contains(where: \.isNaN) ? .nan : differences.max() ?? .infinity
  }

  private static func roundTrip(_ device: any Device) throws -> Double {
    let x = values(1031, seed: 1)
    let y = try Storage(count: x.count, on: device)
    try device.affine(Storage(x, on: device), scale: 2, shift: 1, into: y)
    return try largestDifference(y.values(), x.map { 2 * Double($0) + 1 })
  }

  private static func matrixProduct(_ device: any Device) throws -> Double {
    let (rows, columns, depth) = (37, 41, 67)
    let (a, b) = (values(rows * depth, seed: 2), values(depth * columns, seed: 3))
    let c = try Storage(count: rows * columns, on: device)
    let problem = try MatrixProblem(rows: rows, columns: columns, depth: depth)
    try device.multiply(
      problem, Storage(a, on: device), Storage(b, on: device), into: c, scale: 1, accumulate: false)
    var expected: [Double] = []
    for row in 0..<rows {
      for column in 0..<columns {
        expected.append(
          (0..<depth).reduce(0.0) { $0 + Double(a[row * depth + $1]) * Double(b[$1 * columns + column]) })
      }
    }
    return try largestDifference(c.values(), expected)
  }

  private static func convolution(_ device: any Device) throws -> Double {
    try convolution(device, channels: 32, outputs: 19, groups: 1)
  }

  private static func depthwise(_ device: any Device) throws -> Double {
    try convolution(device, channels: 35, outputs: 35, groups: 35)
  }

  private static func convolution(_ device: any Device, channels: Int, outputs: Int, groups: Int) throws -> Double {
    let (height, width, depth) = (9, 7, channels / groups)
    let (x, w) = (values(height * width * channels, seed: 4), values(9 * depth * outputs, seed: 5))
    let problem = try ConvolutionProblem(
      input: [1, height, width, channels], weight: [3, 3, depth, outputs], stride: 2,
      padding: Padding(top: 0, left: 1, bottom: 1, right: 1), groups: groups)
    let y = try Storage(count: problem.outputCount, on: device)
    try device.convolve(
      problem, Storage(x, on: device), Storage(w, on: device), epilogue: Epilogue(activation: .relu), into: y)
    var expected: [Double] = []
    for row in 0..<problem.outputHeight {
      for column in 0..<problem.outputWidth {
        for output in 0..<outputs {
          let base = output / (outputs / groups) * depth
          var sum = 0.0
          for r in 0..<3 where (0..<height).contains(2 * row + r) {
            for s in 0..<3 where (0..<width).contains(2 * column + s - 1) {
              for c in 0..<depth {
                sum +=
                  Double(x[((2 * row + r) * width + 2 * column + s - 1) * channels + base + c])
                  * Double(w[((r * 3 + s) * depth + c) * outputs + output])
              }
            }
          }
          expected.append(max(sum, 0))
        }
      }
    }
    return try largestDifference(y.values(), expected)
  }

  private static func rowSum(_ device: any Device) throws -> Double {
    let x = values(5 * 257, seed: 6)
    let y = try Storage(count: 5, on: device)
    try device.reduce(.sum, ReductionProblem(outer: 5, reduced: 257, inner: 1), Storage(x, on: device), into: y)
    return try largestDifference(
      y.values(), (0..<5).map { row in (0..<257).reduce(0.0) { $0 + Double(x[row * 257 + $1]) } })
  }

  private static func softmax(_ device: any Device) throws -> Double {
    let x = values(3 * 33, seed: 7)
    let y = try Storage(count: x.count, on: device)
    try device.softmax(SoftmaxProblem(rows: 3, columns: 33, logarithmic: true), Storage(x, on: device), into: y)
    // Exponentials of the logarithms must add up to 1 in each row: no exponential of ours is needed to check it.
    let sums = try Storage(count: 3, on: device)
    let exponentials = try Storage(count: x.count, on: device)
    try device.map(.exponential, y, into: exponentials)
    try device.reduce(.sum, ReductionProblem(outer: 3, reduced: 33, inner: 1), exponentials, into: sums)
    return try largestDifference(sums.values(), [1, 1, 1])
  }

  /// Compilers that take NaN for impossible lose it in comparisons, and with it every sign that something went wrong.
  private static func notANumber(_ device: any Device) throws -> Double {
    let x = (0..<37).map { $0.isMultiple(of: 5) ? Float.nan : Float($0) }
    let y = try Storage(count: x.count, on: device)
    let ones = try Storage([Float](repeating: 100, count: x.count), on: device)
    var lost = 0
    for (a, b) in try [(Storage(x, on: device), ones), (ones, Storage(x, on: device))] {
      try device.combine(.minimum, a, b, into: y)
      lost += try zip(x, y.values()).count { $0.isNaN != $1.isNaN }
    }
    return Double(lost)
  }

  private static func nearest(_ device: any Device) throws -> Double {
    let (queries, rows, width) = (21, 301, 24)
    let (q, x) = (values(queries * width, seed: 8), values(rows * width, seed: 9))
    let bank = try device.makeNeighbourBank(Storage(x, on: device), rows: rows, width: width)
    let distances = try Storage(count: queries, on: device)
    let indices = try IndexStorage(count: queries, on: device)
    try device.nearest(
      NeighbourProblem(queries: queries, rows: rows, width: width), queries: Storage(q, on: device), bank: bank,
      distances: distances, indices: indices)
    return try largestDifference(
      distances.values(), (0..<queries).map { query in minimumDistance(q, query, x, rows: rows, width: width) })
  }

  private static func minimumDistance(_ q: [Float], _ query: Int, _ x: [Float], rows: Int, width: Int) -> Double {
    (0..<rows).reduce(Double.infinity) { smallest, row in
      min(
        smallest,
        (0..<width).reduce(0.0) { sum, k in
          let difference = Double(q[query * width + k]) - Double(x[row * width + k])
          return sum + difference * difference
        })
    }
  }

  /// The picks of a line of points: the ends, then the middle, then the quarters.
  private static func coreset(_ device: any Device) throws -> Double {
    let x = (0..<9).flatMap { [Float($0), Float(0)] }
    let problem = try CoresetProblem(rows: 9, width: 2, picks: 5)
    let state = try CoresetState(problem, on: device)
    try device.advanceCoreset(problem, Storage(x, on: device), state: state, stretch: 1..<5)
    return try largestDifference(state.picks.values().map(Float.init), [0, 8, 4, 2, 6])
  }
}
