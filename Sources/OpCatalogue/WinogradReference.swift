import Compute

/// How large the terms are that a Winograd tile's outputs are made of.
enum WinogradReference {
  /// For each output the largest Σ|xw| of its tile, which its rounding errors are measured by: each output of a tile is
  /// a combination of what all of them read. Without limit where only another one reads NaN, since that reaches it.
  static func magnitudes(_ p: ConvolutionProblem, _ x: [Float], _ w: [Float]) -> [Double] {
    let grid = p.winogradTiles(p.chosenAlgorithm)
    let whole = outputsOfWholeTiles(p, grid)
    let sizes = ConvolutionReference.sums(whole, x, w).magnitudes
    var largest = [Double](repeating: 0, count: p.batch * grid.rows * grid.columns * p.outputChannels)
    forEachOutput(whole, grid) { index, tile in
      largest[tile] = sizes[index].isNaN || largest[tile] == .infinity ? .infinity : max(largest[tile], sizes[index])
    }
    var result = [Double](repeating: 0, count: p.outputCount)
    forEachOutput(p, grid) { index, tile in result[index] = largest[tile] }
    return result
  }

  /// The problem with so much padding below and right that its outputs fill the tiles.
  private static func outputsOfWholeTiles(_ p: ConvolutionProblem, _ grid: WinogradTiles) -> ConvolutionProblem {
    let padding = Padding(
      top: p.padding.top, left: p.padding.left,
      bottom: grid.rows * grid.edge + 2 - p.height - p.padding.top,
      right: grid.columns * grid.edge + 2 - p.width - p.padding.left)
    guard
      let whole = try? ConvolutionProblem(
        input: [p.batch, p.height, p.width, p.inputChannels], weight: [3, 3, p.inputChannels, p.outputChannels],
        padding: padding, algorithm: .direct)
    else { preconditionFailure("\(p) has no problem of whole tiles.") }
    return whole
  }

  private static func forEachOutput(_ p: ConvolutionProblem, _ grid: WinogradTiles, _ body: (Int, Int) -> Void) {
    for index in 0..<p.outputCount {
      let (pixel, o) = (index / p.outputChannels, index % p.outputChannels)
      let (line, column) = (pixel / p.outputWidth, pixel % p.outputWidth)
      let (picture, row) = (line / p.outputHeight, line % p.outputHeight)
      let tile = (picture * grid.rows + row / grid.edge) * grid.columns + column / grid.edge
      body(index, tile * p.outputChannels + o)
    }
  }
}
