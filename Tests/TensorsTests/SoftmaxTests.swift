import Compute
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Soft maxima against PyTorch's values")
struct SoftmaxTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("softmax"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (x, logarithmic) = (try fixture.tensor("x", on: tested.device), try fixture.flag("logarithmic"))
    let y = try x.softmaxed(logarithmic: logarithmic)
    #expect(y.shape == x.shape)
    let (values, expected, columns) = (try x.values(), try fixture.values("y"), x.shape.extents.last ?? 1)
    let largest = stride(from: 0, to: values.count, by: columns).map { Double(values[$0..<($0 + columns)].max() ?? 0) }
    let magnitude = values.reduce(0.0) { max($0, abs(Double($1))) }
    let excess = largestExcess(try y.values(), expected) { index in
      logarithmic
        // `x − (largest + ln Σ)` is rounded at the scale of x and of ln Σ, which is at most ln columns.
        ? Tolerance.unit * 4 * (1 + magnitude + log(Double(columns)))
        // `x − largest` is rounded before the exponential; 8 units for it and the division, 4 √columns for the sum.
        : Tolerance.unit
          * (8 + largest[index / columns] - Double(values[index]) + 4 * Double(columns).squareRoot())
          * Double(expected[index]) + 0x1p-125
    }
    #expect(excess <= 1, "\(fixture.name): the largest error is \(excess) of what is allowed")
  }
}
