/// Checks that devices make of their arguments: counts and home, in one place.
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
}
