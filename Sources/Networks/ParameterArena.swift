public import Compute
public import Tensors

/// All trainable parameters of a network in one array, and their gradients in another, so that an optimiser's step, a norm, a
/// moving average and a checkpoint are one launch each.
///
/// Parameters keep their own arrays as parts of these. Between them lie gaps that round addresses up to what the device wants;
/// they hold zeros for good.
public final class ParameterArena {
  public let parameters: [Parameter]
  public let values: Storage
  public let gradients: Storage
  /// Where each parameter begins, in elements.
  private let offsets: [Int]

  /// Moves the parameters' values here; gradients that have arrived are lost.
  ///
  /// - parameters: at least one, all on one device
  public init(_ parameters: [Parameter]) throws {
    guard let device = parameters.first?.device as? any Device & PartitionedMemory else {
      preconditionFailure("an arena holds parameters of a device whose memory can be divided")
    }
    let step = max(device.partAlignment / MemoryLayout<Float>.stride, 1)
    var (offsets, end) = ([Int](), 0)
    for parameter in parameters {
      offsets.append(end)
      end += (parameter.shape.count + step - 1) / step * step
    }
    self.parameters = parameters
    self.offsets = offsets
    values = try Storage(count: end, on: device)
    gradients = try Storage(count: end, on: device)
    try device.fill(values, with: 0)
    try device.fill(gradients, with: 0)
    for (parameter, offset) in zip(parameters, offsets) {
      let count = parameter.shape.count
      try parameter.move(
        to: Storage(partOf: values, at: offset, count: count),
        gradient: Storage(partOf: gradients, at: offset, count: count))
    }
  }

  public var device: any Device { values.device }

  /// Gradients that nothing has arrived for become 0.
  func completeGradients() throws {
    for parameter in parameters where !parameter.hasGradient { try device.fill(parameter.gradient, with: 0) }
  }

  public func forgetGradients() {
    for parameter in parameters { parameter.forgetGradient() }
  }

  /// To be called when ``values`` has changed: parameters' packed copies are of the values before.
  func forgetLayouts() {
    for parameter in parameters { parameter.storage.forgetLayouts() }
  }

  /// An array of this size with zeros, for what an optimiser remembers.
  func zeros() throws -> Storage {
    let array = try Storage(count: values.count, on: device)
    try device.fill(array, with: 0)
    return array
  }

  /// Sets the part of an array of this size that belongs to a parameter.
  func setPart(_ index: Int, of array: Storage, to values: [Float]) throws {
    let copy = try BlockCopy(rows: 1, columns: values.count, targetOffset: offsets[index])
    try device.copy(copy, from: Storage(values, on: device), into: array)
  }

  /// The part of an array of this size that belongs to a parameter, on the host.
  public func part(_ index: Int, of array: Storage) throws -> [Float] {
    try Storage(partOf: array, at: offsets[index], count: parameters[index].shape.count).values()
  }
}
