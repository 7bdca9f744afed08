import CLoops
import COpenBLAS
public import Compute

extension CPUDevice {
  public func multiply(
    _ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool
  ) throws {
    try p.check(a, b, c, on: self)
    if p.rows < loops.pointee.tile_rows() {
      multiplyFlat(p, a, b, c, scale, accumulate)
    } else {
      try multiplyTiles(p, a, b, c, scale, accumulate)
    }
    if accumulate { c.forgetLayouts() }
  }

  /// In registers, by columns that are packed once.
  private func multiplyTiles(
    _ p: MatrixProblem, _ a: Storage, _ b: Storage, _ c: Storage, _ scale: Float, _ accumulate: Bool
  ) throws {
    var rows = a
    if p.transposeA {
      rows = try Storage(count: p.aCount, on: self)
      try permute(PermutationProblem(input: [p.batch, p.depth, p.rows], order: [0, 2, 1]), a, into: rows)
    }
    let panels = Self.panels(p.columns)
    let size = panels * loops.pointee.panel_width() * p.depth
    let packed = try b.layout("panels of \(p.batch) by \(p.columns)\(p.transposeB ? ", transposed" : "")") {
      let packed = try Storage(count: Shape.checkedCount([p.batch, size], operation: "multiply"), on: self)
      parallel(p.batch * panels) { task in
        let batch = task / panels
        loops.pointee.pack(
          b.pointer + batch * p.depth * p.columns, p.depth, p.columns, p.transposeB ? 1 : 0, task % panels,
          packed.pointer + batch * size)
      }
      return packed
    }
    // A product is a convolution of one row of pixels by 1 x 1.
    let geometry = fl_convolution(
      height: 1, width: p.rows, channels: p.depth, output_height: 1, output_width: p.rows, outputs: p.columns,
      kernel_height: 1, kernel_width: 1, stride_y: 1, stride_x: 1, dilation_y: 1, dilation_x: 1, top: 0, left: 0)
    for batch in 0..<p.batch {
      let target = c.pointer + batch * p.rows * p.columns
      let terms = fl_epilogue_terms(
        scale: scale, bias: nil, residual: accumulate ? UnsafePointer(target) : nil,
        activation: Activation.none.rawValue)
      withUnsafePointer(to: geometry) { geometry in
        withUnsafePointer(to: terms) {
          multiplyTiles(
            geometry, $0, rows.pointer + batch * p.rows * p.depth, packed.pointer + batch * size, packedCount: size,
            panels: panels, rows: p.rows, target)
        }
      }
    }
  }

  /// Few rows: reading B is the work, and BLAS does so once. Columns are shared out.
  private func multiplyFlat(
    _ p: MatrixProblem, _ a: Storage, _ b: Storage, _ c: Storage, _ scale: Float, _ accumulate: Bool
  ) {
    let chunk = Self.productChunk(p.columns, work: p.floatingPointOperations / p.batch)
    let chunks = (p.columns + chunk - 1) / chunk
    parallel(p.batch * chunks) { task in
      let (batch, part) = (task / chunks, task % chunks)
      let columns = (part * chunk)..<min((part + 1) * chunk, p.columns)
      product(
        rows: p.rows, columns: columns.count, depth: p.depth, scale: scale, a.pointer + batch * p.rows * p.depth,
        p.transposeA ? p.rows : p.depth, transposeA: p.transposeA,
        b.pointer + batch * p.depth * p.columns + columns.lowerBound * (p.transposeB ? p.depth : 1),
        p.transposeB ? p.depth : p.columns, transposeB: p.transposeB,
        into: c.pointer + batch * p.rows * p.columns + columns.lowerBound, p.columns, accumulate: accumulate)
    }
  }

  /// Columns a task: about 4 million operations, in multiples of 16, whatever the number of threads.
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
