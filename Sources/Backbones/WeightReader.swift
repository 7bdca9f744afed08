import Checkpoints

/// Reads a network's tensors from a checkpoint, each with the shape that the network demands.
struct WeightReader {
  private let file: any TensorFile

  init(_ file: any TensorFile) { self.file = file }

  /// - Throws: a checkpoint error naming the file and the tensor when it is missing or has another shape.
  func callAsFunction(_ name: String, _ shape: [Int]) throws -> [Float] {
    try file.tensor(named: name, shape: shape).values
  }
}

/// The transpose of a row-major matrix: PyTorch's linear weights are [out, in], ours [in, out].
func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
  (0..<values.count).map { values[$0 % rows * columns + $0 / rows] }
}
