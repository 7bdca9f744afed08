/// Texts put together by their number of tokens, so that none is padded.
enum LengthBatches {
  /// Tokens that are worked on at once: enough for the matrix products, few enough for the caches.
  private static let tokens = 2048

  /// Runs `body` on batches of sequences of one length, and puts its rows back into the order given.
  ///
  /// - sequences: identifiers of tokens
  /// - body: one row a sequence
  static func rows(
    of sequences: [[Int32]], _ body: (_ batch: [[Int32]], _ length: Int) throws -> [[Float]]
  ) throws -> [[Float]] {
    var rows = [[Float]](repeating: [], count: sequences.count)
    let groups = Dictionary(grouping: sequences.indices) { sequences[$0].count }
    for (length, members) in groups.sorted(by: { $0.key < $1.key }) {
      let size = max(tokens / length, 1)
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
