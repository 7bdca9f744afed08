import Compute

/// Texts put together by their number of tokens, so that none is padded.
enum LengthBatches {
  /// Tokens that are worked on at once: enough for the matrix products, and on a processor few enough for its caches (of 256
  /// to 4096, 512 was the fastest with MiniLM).
  private static func tokens(_ device: any Device) -> Int { [.blas, .cpu].contains(device.traits.kind) ? 512 : 8192 }

  /// Runs `body` on batches of sequences of one length, and puts its rows back into the order given.
  ///
  /// - sequences: identifiers of tokens
  /// - body: one row a sequence
  static func rows(
    of sequences: [[Int32]], on device: any Device, _ body: (_ batch: [[Int32]], _ length: Int) throws -> [[Float]]
  ) throws -> [[Float]] {
    var rows = [[Float]](repeating: [], count: sequences.count)
    let groups = Dictionary(grouping: sequences.indices) { sequences[$0].count }
    for (length, members) in groups.sorted(by: { $0.key < $1.key }) {
      let size = max(tokens(device) / length, 1)
      for start in stride(from: 0, to: members.count, by: size) {
        let batch = members[start..<min(start + size, members.count)]
        for (index, row) in zip(batch, try body(batch.map { sequences[$0] }, length)) { rows[index] = row }
      }
    }
    return rows
  }

  /// A matrix's values, row by row.
  static func split(_ values: [Float], width: Int) -> [[Float]] {
    stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
  }
}
