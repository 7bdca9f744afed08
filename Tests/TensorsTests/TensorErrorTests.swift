import Compute
import Tensors
import TestSupport
import Testing

/// What operations say of shapes that they cannot work with: the right error, and a sentence that a person can act on.
@Suite("Errors of tensor operations")
struct TensorErrorTests {
  private func tensor(_ shape: Shape, _ tested: TestDevice) throws -> Tensor {
    try Tensor([Float](repeating: 1, count: shape.count), shape: shape, on: tested.device)
  }

  @Test(arguments: TestDevice.all)
  func countsThatDoNotFitTheShapeThrow(_ tested: TestDevice) throws {
    expect(.mismatch(operation: "tensor", argument: "values", expected: [6], found: [5])) {
      try Tensor([1, 2, 3, 4, 5], shape: [2, 3], on: tested.device)
    }
    expect(
      .mismatch(operation: "tensor", argument: "storage", expected: [8], found: [6]),
      "[tensor] storage must be [8], found [6]."
    ) { try tensor([2, 3], tested).reshaped(to: [2, 4]) }
  }

  @Test(arguments: TestDevice.all)
  func convolutionsNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([1, 5, 4, 6], tested)
    func convolve(_ weight: Shape, bias: Shape? = nil, stride: Extent2D = 1, groups: Int = 1) throws -> Tensor {
      try x.convolved(
        with: tensor(weight, tested), bias: bias.map { try tensor($0, tested) }, stride: stride, groups: groups)
    }
    expect(
      .mismatch(operation: "convolve", argument: "weight", expected: [3, 3, 6, 2], found: [3, 3, 5, 2]),
      "[convolve] weight must be [3, 3, 6, 2], found [3, 3, 5, 2]."
    ) { try convolve([3, 3, 5, 2]) }
    expect(
      .notDivisible(operation: "convolve", what: "input channels", value: 6, by: 4),
      "[convolve] input channels must be a multiple of 4, found 6."
    ) { try convolve([3, 3, 1, 4], groups: 4) }
    expect(.notDivisible(operation: "convolve", what: "output channels", value: 4, by: 3)) {
      try convolve([3, 3, 2, 4], groups: 3)
    }
    expect(.notDivisible(operation: "convolve", what: "input channels", value: 6, by: 0)) {
      try convolve([1, 1, 6, 6], groups: 0)
    }
    expect(
      .outOfRange(
        operation: "convolve", what: "the kernel's reach over the width", value: 5, allowed: 1...4),
      "[convolve] the kernel's reach over the width must be between 1 and 4, found 5."
    ) { try convolve([5, 5, 6, 2]) }
    expect(.outOfRange(operation: "convolve", what: "stride height", value: 0, allowed: 1...(1 << 20))) {
      try convolve([1, 1, 6, 2], stride: 0)
    }
    expect(.mismatch(operation: "convolve", argument: "bias", expected: [2], found: [3])) {
      try convolve([1, 1, 6, 2], bias: [3])
    }
    expect(.mismatch(operation: "convolve", argument: "residual", expected: [40], found: [20])) {
      try x.convolved(with: tensor([1, 1, 6, 2], tested), residual: tensor([1, 5, 4, 1], tested))
    }
    expect(.outOfRange(operation: "convolve", what: "the input's rank", value: 2, allowed: 4...4)) {
      try tensor([20, 6], tested).convolved(with: tensor([1, 1, 6, 2], tested))
    }
  }

  @Test(arguments: TestDevice.all)
  func windowsAndSizesNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([1, 5, 4, 3], tested)
    expect(
      .outOfRange(operation: "pool", what: "padding top", value: 2, allowed: 0...1),
      "[pool] padding top must be between 0 and 1, found 2."
    ) { try x.pooled(.maximum, kernel: 3, padding: 2) }
    expect(
      .outOfRange(
        operation: "pool", what: "the kernel's reach over the height", value: 6, allowed: 1...5)
    ) { try x.pooled(.maximum, kernel: 6) }
    expect(.outOfRange(operation: "pool", what: "the input's rank", value: 2, allowed: 4...4)) {
      try tensor([5, 4], tested).globallyPooled(.maximum)
    }
    expect(
      .outOfRange(operation: "resample", what: "every extent of [1, 0, 7, 3]", value: 0, allowed: 1...Int.max),
      "[resample] every extent of [1, 0, 7, 3] must be at least 1, found 0."
    ) { try x.resampled(.nearest, height: 0, width: 7) }
    expect(.mismatch(operation: "filter", argument: "map", expected: [1, 5, 4, 1], found: [1, 5, 4, 3])) {
      try x.gaussianSmoothed(sigma: 4)
    }
    expect(.tooLarge(operation: "resample", shape: [1, 65536, 65536, 3])) {
      try x.resampled(.nearest, height: 65536, width: 65536)
    }
  }

  @Test(arguments: TestDevice.all)
  func productsNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([2, 3], tested)
    expect(
      .mismatch(operation: "multiply", argument: "other's depth", expected: [3], found: [2]),
      "[multiply] other's depth must be [3], found [2]."
    ) { try x.multiplied(by: x) }
    expect(
      .outOfRange(operation: "multiply", what: "other's rank", value: 3, allowed: 2...2),
      "[multiply] other's rank must be 2, found 3."
    ) { try x.multiplied(by: tensor([1, 3, 2], tested)) }
    expect(.outOfRange(operation: "multiply", what: "the rank", value: 1, allowed: 2...3)) {
      try tensor([3], tested).multiplied(by: tensor([3], tested))
    }
    expect(.mismatch(operation: "multiply", argument: "other's batch", expected: [2], found: [5])) {
      try tensor([2, 3, 4], tested).multiplied(by: tensor([5, 4, 3], tested))
    }
  }

  @Test(arguments: TestDevice.all)
  func elementwiseOperationsNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([2, 3], tested)
    for other: Shape in [[2], [3, 2], [1, 3], [6]] {
      expect(.mismatch(operation: "add", argument: "other", expected: [2, 3], found: other.extents)) {
        try x.combined(.add, with: tensor(other, tested))
      }
    }
  }

  @Test(arguments: TestDevice.all)
  func joiningAndSlicingNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([2, 3], tested)
    expect(.outOfRange(operation: "concatenate", what: "the number of tensors", value: 0, allowed: 1...Int.max)) {
      try Tensor.concatenated([], axis: 0)
    }
    expect(.outOfRange(operation: "concatenate", what: "axis", value: 2, allowed: 0...1)) {
      try Tensor.concatenated([x, x], axis: 2)
    }
    expect(.mismatch(operation: "concatenate", argument: "tensor", expected: [2, 3], found: [4, 2])) {
      try Tensor.concatenated([x, tensor([4, 2], tested)], axis: 0)
    }
    expect(.mismatch(operation: "concatenate", argument: "tensor", expected: [2, 3], found: [6])) {
      try Tensor.concatenated([x, tensor([6], tested)], axis: 0)
    }
    expect(
      .outOfRange(operation: "slice", what: "the end of the range", value: 4, allowed: 2...3),
      "[slice] the end of the range must be between 2 and 3, found 4."
    ) { try x.sliced(1..<4, axis: 1) }
    expect(.outOfRange(operation: "slice", what: "the start of the range", value: -1, allowed: 0...2)) {
      try x.sliced(-1..<2, axis: 1)
    }
    expect(.outOfRange(operation: "slice", what: "the end of the range", value: 1, allowed: 2...3)) {
      try x.sliced(1..<1, axis: 1)
    }
    expect(.outOfRange(operation: "slice", what: "the start of the range", value: 3, allowed: 0...2)) {
      try x.sliced(3..<3, axis: 1)
    }
    expect(.outOfRange(operation: "slice", what: "axis", value: 2, allowed: 0...1)) { try x.sliced(0..<1, axis: 2) }
    expect(
      .outOfRange(operation: "slice", what: "every extent of [0]", value: 0, allowed: 1...Int.max)
    ) { try tensor([0], tested).sliced(0..<0) }
  }

  @Test(arguments: TestDevice.all)
  func reorderingAndReducingNameWhatDoesNotFit(_ tested: TestDevice) throws {
    let x = try tensor([2, 3], tested)
    expect(
      .mismatch(operation: "permute", argument: "order", expected: [0, 1], found: [1, 1]),
      "[permute] order must be [0, 1], found [1, 1]."
    ) { try x.permuted([1, 1]) }
    expect(.outOfRange(operation: "permute", what: "the input's rank", value: 5, allowed: 0...4)) {
      try tensor([1, 1, 1, 1, 1], tested).permuted([0, 1, 2, 3, 4])
    }
    expect(.outOfRange(operation: "gather", what: "the rank", value: 3, allowed: 2...2)) {
      try tensor([1, 2, 3], tested).gatheredRows(IndexStorage([0], on: tested.device))
    }
    expect(.outOfRange(operation: "reduce", what: "axis", value: 2, allowed: 0...1)) { try x.reduced(.sum, axis: 2) }
    expect(.outOfRange(operation: "reduce", what: "axis", value: -1, allowed: 0...1)) { try x.reduced(.sum, axis: -1) }
  }

  @Test func tensorsOfTwoDevicesThrow() throws {
    let devices = TestDevice.all.prefix(2)
    let (first, second) = (try #require(devices.first), try #require(devices.last))
    try #require(first.device !== second.device)
    let (x, y) = (try tensor([2, 2], first), try tensor([2, 2], second))
    #expect(
      throws: DeviceError.differentDevices(
        operation: "multiply", expected: first.device.traits.name, found: second.device.traits.name)
    ) { try x.multiplied(by: y) }
    #expect(throws: DeviceError.self) { try x.combined(.add, with: y) }
    #expect(throws: DeviceError.self) { try Tensor.concatenated([x, y], axis: 0) }
  }

  private func expect(
    _ error: ShapeError, _ text: String? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Tensor
  ) {
    #expect(throws: error, sourceLocation: sourceLocation) { try body() }
    if let text { #expect(error.description == text, sourceLocation: sourceLocation) }
  }
}
