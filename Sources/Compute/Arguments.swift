/// Checks that devices make of their arguments: counts and home. Problems check theirs beside their own type, so every device checks the same.
package struct Arguments {
  let operation: String
  let device: any Device

  package init(_ operation: String, on device: any Device) {
    self.operation = operation
    self.device = device
  }

  /// - Throws: ``ShapeError`` when `array` has another count, ``DeviceError`` when it lives on another device.
  package func require<Element>(_ array: DeviceArray<Element>, _ name: String, count: Int) throws {
    guard array.count == count else {
      throw ShapeError.mismatch(operation: operation, argument: name, expected: [count], found: [array.count])
    }
    guard array.device === device else {
      throw DeviceError.differentDevices(
        operation: operation, expected: device.traits.name, found: array.device.traits.name)
    }
  }

  /// Element by element: every array has the last one's count.
  package func requireSameCount(_ arrays: [Storage]) throws {
    for (index, array) in arrays.enumerated() {
      try require(array, "argument \(index + 1)", count: arrays[arrays.count - 1].count)
    }
  }

  /// Row by row with one vector: x and y are [rows, vector.count].
  package func requireRows(_ x: Storage, _ vector: Storage, _ y: Storage) throws {
    guard vector.count > 0, x.count % vector.count == 0 else {
      throw ShapeError.notDivisible(operation: operation, what: "x's count", value: x.count, by: vector.count)
    }
    try require(x, "x", count: y.count)
    try require(vector, "vector", count: vector.count)
    try require(y, "y", count: y.count)
  }

  /// Rows of x by their numbers into rows of y.
  package func requireAccumulation(_ x: Storage, _ width: Int, _ indices: IndexStorage, _ y: Storage) throws {
    guard width > 0, y.count % width == 0 else {
      throw ShapeError.notDivisible(operation: operation, what: "y's count", value: y.count, by: width)
    }
    try require(x, "x", count: indices.count * width)
    try require(indices, "indices", count: indices.count)
    try require(y, "y", count: y.count)
  }

  package func requireGather(_ x: Storage, _ width: Int, _ indices: IndexStorage, _ y: Storage) throws {
    guard width > 0, x.count % width == 0 else {
      throw ShapeError.notDivisible(operation: operation, what: "x's count", value: x.count, by: width)
    }
    try require(x, "x", count: x.count)
    try require(indices, "indices", count: indices.count)
    try require(y, "y", count: indices.count * width)
  }
}
