public import Compute

extension OpenCLDevice {
  public func fill(_ y: Storage, with value: Float) throws {
    try Arguments("fill", on: self).require(y, "y", count: y.count)
    guard y.count > 0 else { return }
    try launchShares("elementwise_fill", of: y.count, y, y.count, value)
  }

  public func map(_ operation: UnaryOperation, _ x: Storage, into y: Storage) throws {
    guard try hasElements("\(operation)", x, y) else { return }
    try launchShares("elementwise_map", of: y.count, x, y, y.count, Int(operation.rawValue))
  }

  public func combine(_ operation: BinaryOperation, _ a: Storage, _ b: Storage, into y: Storage) throws {
    guard try hasElements("\(operation)", a, b, y) else { return }
    try launchShares("elementwise_combine", of: y.count, a, b, y, y.count, Int(operation.rawValue))
  }

  public func combineRows(_ operation: BinaryOperation, _ x: Storage, vector: Storage, into y: Storage) throws {
    try Arguments("\(operation) rows", on: self).requireRows(x, vector, y)
    guard y.count > 0 else { return }
    try launchShares(
      "elementwise_combine_rows", of: y.count, x, vector, y, y.count, vector.count, Int(operation.rawValue))
  }

  public func affine(_ x: Storage, scale: Float, shift: Float, into y: Storage) throws {
    guard try hasElements("affine", x, y) else { return }
    try launchShares("elementwise_affine", of: y.count, x, y, y.count, scale, shift)
  }

  public func clamp(_ x: Storage, lower: Float, upper: Float, into y: Storage) throws {
    guard try hasElements("clamp", x, y) else { return }
    try launchShares("elementwise_clamp", of: y.count, x, y, y.count, lower, upper)
  }

  public func activate(_ activation: Activation, _ x: Storage, into y: Storage) throws {
    guard try hasElements("\(activation)", x, y) else { return }
    try launchShares("elementwise_activate", of: y.count, x, y, y.count, Int(activation.rawValue))
  }

  public func activateBackward(
    _ activation: Activation, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    guard try hasElements("activateBackward", x, outputGradient, gradient) else { return }
    try launchShares(
      "elementwise_activate_backward", of: x.count, x, outputGradient, gradient, x.count,
      Int(activation.rawValue))
  }

  /// CPU shape: an item takes many elements, one vector after the other; GPU shape: an item an element.
  private func launchShares(_ kernel: String, of count: Int, _ parameters: any KernelParameter...) throws {
    guard tiling.shape == .cpu else { return try launch(kernel, elements: count, parameters) }
    try launch(kernel, size: [(count + tiling.elements - 1) / tiling.elements], group: [1], parameters)
  }

  /// Checks arrays of one count; false when there is nothing to do, which no driver takes.
  private func hasElements(_ operation: String, _ arrays: Storage...) throws -> Bool {
    try Arguments(operation, on: self).requireSameCount(arrays)
    return arrays[0].count > 0
  }
}
