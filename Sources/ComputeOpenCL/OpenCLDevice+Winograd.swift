import Compute

extension OpenCLDevice {
  /// A convolution by Winograd's minimal filtering; false where the device has too little local memory for it.
  func convolveWinograd(
    _ p: ConvolutionProblem, _ algorithm: ConvolutionAlgorithm, _ x: Storage, _ w: Storage, _ epilogue: Epilogue,
    _ y: Storage
  ) throws -> Bool {
    let tiles = p.winogradTiles(algorithm)
    guard tiling.shape == .cpu else {
      try convolveWinogradByProducts(p, tiles, x, w, epilogue, y)
      return true
    }
    if let parts = WinogradTaps(
      p, tiles, panel: tiling.panel, rows: tiling.registerRows, cores: traits.computeUnits,
      memory: traits.localMemory / MemoryLayout<Float>.stride)
    {
      try convolveWinogradByTaps(p, tiles, parts, x, w, epilogue, y)
      return true
    }
    guard let blocks = WinogradBlocks(p, tiles, tiling, traits) else { return false }
    let packed = try winogradWeights(p, tiles, w)
    try launch(
      "winograd\(tiles.edge)_tiles", size: [blocks.count, blocks.splits], group: [1, 1], x, packed,
      epilogue.bias ?? y, epilogue.residual ?? y, y, p.height, p.width, p.inputChannels, p.outputHeight, p.outputWidth,
      p.outputChannels, p.padding.top, p.padding.left, tiles.rows, tiles.columns, tiles.count, blocks.tiles,
      blocks.stride, blocks.panels, blocks.panelsPerSplit, epilogue.bias != nil, epilogue.residual != nil,
      Int(epilogue.activation.rawValue), LocalFloats(count: blocks.inputCount), LocalFloats(count: blocks.productCount))
    return true
  }

  private func convolveWinogradByTaps(
    _ p: ConvolutionProblem, _ tiles: WinogradTiles, _ parts: WinogradTaps, _ x: Storage, _ w: Storage,
    _ epilogue: Epilogue, _ y: Storage
  ) throws {
    let taps = try w.layout("taps of \(p.outputChannels)") {
      let byChannel = try Storage(count: w.count, on: self)
      try permute(
        PermutationProblem(input: [9, p.inputChannels, p.outputChannels], order: [1, 0, 2]), w, into: byChannel)
      return try packed(byChannel, batch: 1, depth: 9 * p.inputChannels, columns: p.outputChannels, transposed: false)
    }
    try launch(
      "winograd\(tiles.edge)_taps", size: [parts.tasks], group: [1], x, taps, epilogue.bias ?? y,
      epilogue.residual ?? y, y, p.height, p.width, p.inputChannels, p.outputHeight, p.outputWidth, p.outputChannels,
      p.padding.top, p.padding.left, tiles.rows, tiles.columns, tiles.count, WinogradTaps.channels, parts.panels,
      parts.panelsPerTask, epilogue.bias != nil, epilogue.residual != nil, Int(epilogue.activation.rawValue),
      LocalFloats(count: parts.inputCount), LocalFloats(count: parts.weightCount),
      LocalFloats(count: parts.productCount))
  }

  private func convolveWinogradByProducts(
    _ p: ConvolutionProblem, _ tiles: WinogradTiles, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) throws {
    let packed = try winogradWeights(p, tiles, w)
    let count = try Shape.checkedCount([tiles.places, tiles.count, p.inputChannels], operation: "convolve")
    let inputs = try Storage(count: count, on: self)
    try launch(
      "winograd\(tiles.edge)_input", size: [p.inputChannels, tiles.count], group: [16, 4], x, inputs, p.height, p.width,
      p.inputChannels, p.padding.top, p.padding.left, tiles.rows, tiles.columns, tiles.count)
    let products = try Storage(
      count: Shape.checkedCount([tiles.places, tiles.count, p.outputChannels], operation: "convolve"), on: self)
    var problem = TileProblem(rows: tiles.count, columns: p.outputChannels, depth: p.inputChannels)
    problem.batch = tiles.places
    try multiplyTiles(problem, inputs, packed, Epilogue(), into: products)
    try launch(
      "winograd\(tiles.edge)_output", size: [p.outputChannels, tiles.count], group: [16, 4], products,
      epilogue.bias ?? y, epilogue.residual ?? y, y, p.outputHeight, p.outputWidth, p.outputChannels, tiles.rows,
      tiles.columns, tiles.count, epilogue.bias != nil, epilogue.residual != nil, Int(epilogue.activation.rawValue))
  }

  /// G w Gᵀ in the layout that the shape's kernels read, kept with the weights.
  private func winogradWeights(_ p: ConvolutionProblem, _ tiles: WinogradTiles, _ w: Storage) throws -> Storage {
    try w.layout("winograd\(tiles.edge) of \(p.outputChannels)") {
      let columns = (p.outputChannels + tiling.panel - 1) / tiling.panel * tiling.panel
      let packed = try Storage(
        count: Shape.checkedCount([tiles.places, p.inputChannels, columns], operation: "convolve"), on: self)
      let items = p.inputChannels * columns
      try launch(
        "winograd\(tiles.edge)_weights", elements: tiling.shape == .cpu ? items / tiling.vectorWidth : items, w, packed,
        items, p.inputChannels, p.outputChannels)
      return packed
    }
  }
}

/// How the CPU shape divides a convolution among work-items: blocks of tiles, and where these are too few for all cores,
/// several items a block, each with some of the panels.
struct WinogradBlocks {
  /// Tiles of a block.
  let tiles: Int
  let count: Int
  let panels, panelsPerSplit, splits: Int
  /// Floats from one tile's channels to the next one's: not a power of two, or the rows in registers would compete for
  /// the same lines of the cache.
  let stride: Int
  /// Floats of local memory for transformed inputs and for products.
  let inputCount, productCount: Int

  /// Nil when not even the smallest block fits the device's local memory.
  init?(_ p: ConvolutionProblem, _ grid: WinogradTiles, _ tiling: Tiling, _ traits: DeviceTraits) {
    let rows = tiling.registerRows
    stride = p.inputChannels + 16
    let floatsPerTile = grid.places * (stride + tiling.panel)
    let available = traits.localMemory / MemoryLayout<Float>.stride / floatsPerTile
    guard available >= rows else { return nil }
    // Larger blocks read the weights less often; smaller ones leave every core something to do.
    let isLarge = available >= 2 * rows && grid.count >= 2 * rows * Self.itemsPerCore * traits.computeUnits
    tiles = isLarge ? 2 * rows : rows
    count = (grid.count + tiles - 1) / tiles
    panels = (p.outputChannels + tiling.panel - 1) / tiling.panel
    let wanted = min((Self.itemsPerCore * traits.computeUnits + count - 1) / count, panels)
    panelsPerSplit = (panels + wanted - 1) / wanted
    splits = (panels + panelsPerSplit - 1) / panelsPerSplit
    inputCount = grid.places * tiles * stride
    productCount = grid.places * tiles * tiling.panel
  }

  private static let itemsPerCore = 2
}
