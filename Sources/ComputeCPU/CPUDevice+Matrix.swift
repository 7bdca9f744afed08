import COpenBLAS
public import Compute

extension CPUDevice {
  public func multiply(
    _ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool
  ) throws {
    try p.check(a, b, c, on: self)
    // Rows, or columns of wide flat products, are shared out; each task is one single-threaded call.
    let byRows = p.rows >= 32 || p.columns < 64
    let extent = byRows ? p.rows : p.columns
    let chunk = Self.productChunk(extent, work: p.floatingPointOperations / p.batch)
    let chunks = (extent + chunk - 1) / chunk
    parallel(p.batch * chunks) { task in
      let (batch, part) = (task / chunks, task % chunks)
      let range = (part * chunk)..<min((part + 1) * chunk, extent)
      let (rows, columns) = byRows ? (range, 0..<p.columns) : (0..<p.rows, range)
      product(
        rows: rows.count, columns: columns.count, depth: p.depth, scale: scale,
        a.pointer + batch * p.rows * p.depth + rows.lowerBound * (p.transposeA ? 1 : p.depth),
        p.transposeA ? p.rows : p.depth, transposeA: p.transposeA,
        b.pointer + batch * p.depth * p.columns + columns.lowerBound * (p.transposeB ? p.depth : 1),
        p.transposeB ? p.depth : p.columns, transposeB: p.transposeB,
        into: c.pointer + (batch * p.rows + rows.lowerBound) * p.columns + columns.lowerBound, p.columns,
        accumulate: accumulate)
    }
  }

  /// Rows or columns a task: about 4 million operations, in multiples of 16, whatever the number of threads.
  static func productChunk(_ extent: Int, work: Int) -> Int {
    let tasks = max(work / (4 << 20), 1)
    return max((extent / tasks + 15) / 16 * 16, 16)
  }
}

/// `C = scale · A·B (+ C)` of row-major matrices with leading dimensions, on this thread.
///
/// BLAS does not read C when β is 0, so undefined contents cannot leak.
func product(
  rows: Int, columns: Int, depth: Int, scale: Float = 1, _ a: UnsafePointer<Float>, _ strideA: Int,
  transposeA: Bool = false, _ b: UnsafePointer<Float>, _ strideB: Int, transposeB: Bool = false,
  into c: UnsafeMutablePointer<Float>, _ strideC: Int, accumulate: Bool = false
) {
  cblas_sgemm(
    CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans, blasint(rows),
    blasint(columns), blasint(depth), scale, a, blasint(strideA), b, blasint(strideB), accumulate ? 1 : 0, c,
    blasint(strideC))
}
