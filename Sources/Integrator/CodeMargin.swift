import Compute
import Generator
import Tensors

/// How clearly latents belong to their codes.
///
/// Devices round differently; where a latent lies halfway between two codes they may take different ones, and then decode different
/// pictures.
struct CodeMargin {
  private let bank: NeighbourBank

  init(_ quantizer: VectorQuantizer) throws {
    let book = quantizer.codebook
    bank = try book.device.makeNeighbourBank(book.storage, rows: book.shape[0], width: book.shape[1])
  }

  /// The least `(d₂ − d₁) / d₂` of all positions, d₁ and d₂ the squared distances of the two nearest codes.
  ///
  /// - z: [batch, height, width, code width]
  func callAsFunction(_ z: Tensor) throws -> Double {
    let rows = z.shape.count / bank.width
    let problem = try NeighbourProblem(queries: rows, rows: bank.rows, width: bank.width, count: 2)
    let distances = try Storage(count: rows * 2, on: z.device)
    let indices = try IndexStorage(count: rows * 2, on: z.device)
    try z.device.nearest(problem, queries: z.storage, bank: bank, distances: distances, indices: indices)
    let found = try distances.values().map(Double.init)
    return (0..<rows).reduce(1) { least, row in
      let (first, second) = (found[2 * row], found[2 * row + 1])
      return min(least, second > 0 ? (second - first) / second : 0)
    }
  }
}
