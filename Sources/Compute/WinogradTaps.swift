/// How a convolution of few Winograd tiles is divided: each task takes all of them by some panels of outputs, and transforms
/// these panels' weights itself, some channels at a time. From memory come 9 floats of a weight instead of 16 or 36.
package struct WinogradTaps: Sendable {
  /// Channels at a time: their transformed weights stay in a core's cache.
  package static let channels = 32
  /// Floats of a line of the cache, by which parts lie apart.
  package static let line = 16
  /// Of more tiles the products would not stay there.
  private static let mostTiles = 32
  /// Outputs of a task: its tiles are transformed once for all of them, which is 5 % of the work then.
  private static let outputsPerTask = 128

  /// Tiles that fill up the registers.
  package let tiles: Int
  package let panels, panelsPerTask, tasks: Int
  /// Floats for transformed inputs, transformed weights and products.
  package let inputCount, weightCount, productCount: Int

  /// Nil where other ways are better, or there is too little memory.
  ///
  /// - panel: output channels that a task takes side by side
  /// - rows: tiles that it holds in registers
  /// - cores: as many have panels of their own
  /// - memory: floats that a task may have
  package init?(_ p: ConvolutionProblem, _ grid: WinogradTiles, panel: Int, rows: Int, cores: Int, memory: Int) {
    panels = (p.outputChannels + panel - 1) / panel
    guard grid.count <= Self.mostTiles, panels >= cores else { return nil }
    tiles = (grid.count + rows - 1) / rows * rows
    inputCount = grid.places * (tiles * (Self.channels + Self.line) + Self.line)
    weightCount = grid.places * (Self.channels * panel + Self.line)
    let wanted = min(Self.outputsPerTask / panel, (panels + cores - 1) / cores)
    panelsPerTask = min(wanted, (memory - inputCount - weightCount) / (grid.places * tiles * panel))
    guard panelsPerTask > 0 else { return nil }
    productCount = grid.places * tiles * panel * panelsPerTask
    tasks = (panels + panelsPerTask - 1) / panelsPerTask
  }
}
