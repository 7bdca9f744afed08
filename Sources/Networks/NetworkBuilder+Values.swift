public import Compute
public import Tensors

extension NetworkBuilder {
  /// Sets every parameter and running statistic, by name, from values in the layout of PyTorch's checkpoints.
  ///
  /// - values: called once a name with the shape that it must have there
  /// - Throws: what `values` throws; parameters that were set before stay set.
  public func setValues(_ values: (_ name: String, _ shape: [Int]) throws -> [Float]) throws {
    for parameter in parameters {
      let shape = parameter.checkpointAxes.map { parameter.shape[$0] }
      try Self.setValue(of: parameter, to: values(parameter.name, shape))
    }
    for statistic in statistics {
      try Self.set(statistic.storage, to: values(statistic.name, [statistic.storage.count]))
    }
  }

  /// - values: in the layout of PyTorch's checkpoints
  public static func setValue(of parameter: Parameter, to values: [Float]) throws {
    let axes = parameter.checkpointAxes
    try set(parameter.storage, to: permuted(values, axes.map { parameter.shape[$0] }, order: inverse(axes)))
  }

  private static func set(_ array: Storage, to values: [Float]) throws {
    let all = try BlockCopy(rows: 1, columns: values.count)
    try array.device.copy(all, from: Storage(values, on: array.device), into: array)
    array.forgetLayouts()
  }

  /// The names and shapes of ``values()``.
  func names() -> [(name: String, shape: [Int])] {
    parameters.map { parameter in (parameter.name, parameter.checkpointAxes.map { parameter.shape[$0] }) }
      + statistics.map { ($0.name, [$0.storage.count]) }
  }

  /// Every parameter and running statistic in the layout of PyTorch's checkpoints, in the order of construction.
  public func values() throws -> [(name: String, shape: [Int], values: [Float])] {
    try parameters.map { parameter in
      let shape = parameter.checkpointAxes.map { parameter.shape[$0] }
      return (parameter.name, shape, try Self.checkpointValues(of: parameter, parameter.storage))
    } + statistics.map { ($0.name, [$0.storage.count], try $0.storage.values()) }
  }

  /// An array of a parameter's shape, its value or gradient, in the layout of PyTorch's checkpoints.
  public static func checkpointValues(of parameter: Parameter, _ array: Storage) throws -> [Float] {
    permuted(try array.values(), parameter.shape.extents, order: parameter.checkpointAxes)
  }

  private static func inverse(_ order: [Int]) -> [Int] {
    var inverse = order
    for (place, axis) in order.enumerated() { inverse[axis] = place }
    return inverse
  }

  /// Row-major values with their axes in another order.
  private static func permuted(_ values: [Float], _ shape: [Int], order: [Int]) -> [Float] {
    guard order != Array(shape.indices) else { return values }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let (extents, steps) = (order.map { shape[$0] }, order.map { strides[$0] })
    var (place, from) = ([Int](repeating: 0, count: extents.count), 0)
    return [Float](unsafeUninitializedCapacity: values.count) { target, count in
      values.withUnsafeBufferPointer { source in
        while count < source.count {
          target.initializeElement(at: count, to: source[from])
          count += 1
          var axis = extents.count - 1
          while axis >= 0 {
            place[axis] += 1
            from += steps[axis]
            if place[axis] < extents[axis] { break }
            from -= steps[axis] * extents[axis]
            place[axis] = 0
            axis -= 1
          }
        }
      }
    }
  }
}
