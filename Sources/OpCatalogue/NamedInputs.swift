import Compute

extension OpCase {
  /// Inputs from elsewhere by the arrays' names, where another program shall compute the same.
  ///
  /// - values: row-major, for every array that is no output; indices are whole numbers
  /// - Throws: ``CaseError/malformed(_:)`` where an array is missing, unknown, or of another size.
  public func hostInputs(_ values: [String: [Float]]) throws(CaseError) -> Inputs {
    // Outputs keep their NaN, and the made inputs say which arrays hold indices.
    var made = inputs(.normal, seed: 0)
    var unused = Set(values.keys)
    for (index, array) in arrays.enumerated() where array.role != .output {
      guard let found = values[array.name] else { throw .malformed("its input '\(array.name)' is missing") }
      guard found.count == array.shape.count else {
        throw .malformed("its input '\(array.name)' has \(found.count) values in place of \(array.shape.count)")
      }
      unused.remove(array.name)
      switch made.arrays[index] {
      case .floats: made.arrays[index] = .floats(found)
      case .integers:
        let indices = found.compactMap { Int32(exactly: $0) }
        guard indices.count == found.count else {
          throw .malformed("its input '\(array.name)' holds what is no whole number")
        }
        made.arrays[index] = .integers(indices)
      }
    }
    if let name = unused.min() { throw .malformed("it has no input '\(name)'") }
    return Inputs(arrays: made)
  }
}
