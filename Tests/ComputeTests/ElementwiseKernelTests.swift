import Compute
import Foundation
import TestSupport
import Testing

extension Activation {
  /// The function's definition in Double.
  func reference(_ x: Double) -> Double {
    switch self {
    case .none: x
    case .relu: max(x, 0)
    case .relu6: min(max(x, 0), 6)
    case .silu: x / (1 + exp(-x))
    case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .geluQuick: x / (1 + exp(-1.702 * x))
    case .sigmoid: 1 / (1 + exp(-x))
    case .tanh: Foundation.tanh(x)
    }
  }
}

@Suite("Element-wise operations")
struct ElementwiseKernelTests {
  static let counts = [1, 7, 63, 64, 65, 257, 40_009]

  @Test(arguments: TestDevice.all, Activation.allCases)
  func activationsEqualTheirDefinitions(_ tested: TestDevice, _ activation: Activation) throws {
    for count in Self.counts {
      var random = Reproducible(count)
      let x = random.floats(count).map { 12 * $0 }
      let y = try result(of: x, on: tested.device) { try tested.device.activate(activation, $0, into: $1) }
      // Relative to the largest value there is, 12.
      let errors = zip(x, y).map { abs(activation.reference(Double($0)) - Double($1)) / 12 }
      #expect(errors.allSatisfy { $0 <= functionTolerance })
    }
  }

  /// Far ends must not become NaN by ∞/∞; NaN itself must come through, or damage hides.
  @Test(arguments: TestDevice.all, Activation.allCases)
  func activationsKeepNaNAndFarEnds(_ tested: TestDevice, _ activation: Activation) throws {
    let x: [Float] = [.nan, 1000, -1000, 0, .infinity]
    let y = try result(of: x, on: tested.device) { try tested.device.activate(activation, $0, into: $1) }
    #expect(y[0].isNaN)
    for index in 1...4 {
      let expected = activation.reference(Double(x[index]))
      #expect(
        Double(y[index]) == expected || abs(Double(y[index]) - expected) <= max(abs(expected), 1) * functionTolerance)
    }
  }

  @Test(arguments: TestDevice.all, UnaryOperation.allCases)
  func unaryOperationsEqualTheirDefinitions(_ tested: TestDevice, _ operation: UnaryOperation) throws {
    for count in Self.counts {
      var random = Reproducible(count)
      let x = random.floats(count).map { abs($0) * 3 + 0.01 }
      let y = try result(of: x, on: tested.device) { try tested.device.map(operation, $0, into: $1) }
      let expected = x.map { value -> Double in
        let x = Double(value)
        return switch operation {
        case .squareRoot: x.squareRoot()
        case .square: x * x
        case .absolute: abs(x)
        case .exponential: exp(x)
        case .logarithm: log(x)
        case .reciprocal: 1 / x
        }
      }
      #expect(relativeError(y, expected) <= functionTolerance)
    }
  }

  @Test(arguments: TestDevice.all, BinaryOperation.allCases)
  func binaryOperationsAreExactOnWholeNumbers(_ tested: TestDevice, _ operation: BinaryOperation) throws {
    for (rows, columns) in [(1, 1), (3, 17), (5, 64), (1009, 7)] {
      var random = Reproducible(rows)
      let a = random.integers(rows * columns)
      let (b, vector) = (
        random.integers(rows * columns).map { $0 == 0 ? 1 : $0 }, random.integers(columns).map { $0 == 0 ? 2 : $0 }
      )
      let y = try result(of: a, on: tested.device) {
        try tested.device.combine(operation, $0, Storage(b, on: tested.device), into: $1)
      }
      #expect(y == zip(a, b).map { operation.reference($0, $1) })
      let z = try result(of: a, on: tested.device) {
        try tested.device.combineRows(operation, $0, vector: Storage(vector, on: tested.device), into: $1)
      }
      #expect(z == a.enumerated().map { operation.reference($1, vector[$0 % columns]) })
    }
  }

  @Test(arguments: TestDevice.all)
  func maximumAndMinimumKeepNaN(_ tested: TestDevice) throws {
    for operation in [BinaryOperation.maximum, .minimum] {
      let y = try result(of: [.nan, 1, 2], on: tested.device) {
        try tested.device.combine(operation, $0, Storage([1, .nan, 2], on: tested.device), into: $1)
      }
      #expect(y[0].isNaN && y[1].isNaN && y[2] == 2)
    }
  }

  @Test(arguments: TestDevice.all)
  func affineClampAndFill(_ tested: TestDevice) throws {
    let device = tested.device
    for count in Self.counts {
      var random = Reproducible(count)
      let x = random.integers(count)
      #expect(
        try result(of: x, on: device) { try device.affine($0, scale: 3, shift: -2, into: $1) } == x.map { 3 * $0 - 2 })
      #expect(
        try result(of: x, on: device) { try device.clamp($0, lower: -2, upper: 3, into: $1) }
          == x.map { min(max($0, -2), 3) })
      let y = try Storage(count: count, on: device)
      try device.fill(y, with: 1.5)
      #expect(try y.values() == [Float](repeating: 1.5, count: count))
    }
    #expect(try result(of: [.nan], on: device) { try device.clamp($0, lower: 0, upper: 1, into: $1) }[0].isNaN)
  }

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

  private func result(
    of x: [Float], on device: any Device, _ run: (Storage, Storage) throws -> Void
  ) throws -> [Float] {
    let y = try Storage(count: x.count, on: device)
    try run(Storage(x, on: device), y)
    return try y.values()
  }
}

extension BinaryOperation {
  func reference(_ a: Float, _ b: Float) -> Float {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    }
  }
}
