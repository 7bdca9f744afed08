extension ConvolutionProblem {
  /// The algorithm by which devices that have one take gradients of weights, never `automatic`; others take `direct`.
  ///
  /// `dw = Gᵀ [ Σ_tiles (Bᵀ x B) ⊙ (A dy Aᵀ) ] G`, the adjoint of the forward pass with the same matrices. What is compared
  /// are multiplications of input channel by output channel; transforming a pair's sums back counts like so many more.
  package var chosenWeightGradientAlgorithm: ConvolutionAlgorithm {
    guard algorithm == .automatic else { return algorithm }
    guard admitsWinograd, inputChannels >= 32, outputChannels >= 32 else { return .direct }
    var (best, least) = (ConvolutionAlgorithm.direct, 9 * batch * outputHeight * outputWidth)
    for (candidate, transform) in [(ConvolutionAlgorithm.winograd2, 60), (.winograd4, 190)] {
      let grid = winogradTiles(candidate)
      let multiplications = grid.count * grid.places + transform
      if multiplications * 4 <= least * 3 { (best, least) = (candidate, multiplications) }
    }
    return best
  }
}

/// How a gradient of weights goes through the tiles: so many at a time that their transforms stay in the cache.
package struct WinogradGradientChunks {
  package let grid: WinogradTiles
  /// Tiles of a chunk.
  package let tiles: Int
  package let panels: Int
  /// Floats of a chunk's transformed inputs and output gradients.
  package let inputCount, outputCount: Int

  /// - panel: output channels that a task takes side by side
  package init(_ p: ConvolutionProblem, panel: Int) {
    grid = p.winogradTiles(p.chosenWeightGradientAlgorithm)
    panels = (p.outputChannels + panel - 1) / panel
    let each = grid.places * (p.inputChannels + panels * panel)
    let most = max(Self.cachedFloats / each, Self.fewest)
    let chunks = (grid.count + most - 1) / most
    tiles = (grid.count + chunks - 1) / chunks
    inputCount = tiles * grid.places * p.inputChannels
    outputCount = tiles * grid.places * panels * panel
  }

  /// Floats of a cache that cores share; and the fewest tiles whose sums are worth being transformed back.
  private static let cachedFloats = 1 << 20
  private static let fewest = 32
}
