public import Compute

extension OpenCLDevice {
  public func multiply(
    _ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool
  ) throws {
    try p.check(a, b, c, on: self)
    var rows = a
    if p.transposeA {
      // The tiles read rows of A as they lie.
      rows = try Storage(count: p.aCount, on: self)
      try permute(PermutationProblem(input: [p.batch, p.depth, p.rows], order: [0, 2, 1]), a, into: rows)
    }
    let panels = try b.layout("panels of \(p.batch) by \(p.columns)\(p.transposeB ? ", transposed" : "")") {
      try packed(b, batch: p.batch, depth: p.depth, columns: p.columns, transposed: p.transposeB)
    }
    var problem = TileProblem(rows: p.rows, columns: p.columns, depth: p.depth)
    problem.batch = p.batch
    problem.scale = scale
    problem.accumulate = accumulate
    try multiplyTiles(problem, rows, panels, Epilogue(), into: c)
    if accumulate { c.forgetLayouts() }
  }

  /// Columns side by side in panels of one work-item's or work-group's width, zero beyond the last: the layout that the
  /// multiplication reads.
  ///
  /// - b: [batch, depth, columns], or [batch, columns, depth] when `transposed`
  /// - result: [batch, ⌈columns / panel⌉, depth, panel]
  func packed(_ b: Storage, batch: Int, depth: Int, columns: Int, transposed: Bool) throws -> Storage {
    let panelCount = (columns + tiling.panel - 1) / tiling.panel
    let count = try Shape.checkedCount([panelCount, depth, tiling.panel], operation: "pack")
    let panels = try Storage(
      count: Shape.checkedCount([batch, count], operation: "pack"), on: self)
    let items =
      tiling.shape == .cpu
      ? panelCount * (transposed ? (depth + tiling.vectorWidth - 1) / tiling.vectorWidth : depth) : count
    try launch(
      "convolution_pack", size: [items, batch], group: [tiling.group, 1], b, panels, count, depth, columns, transposed,
      depth * columns)
    return panels
  }

  /// The one multiplication kernel: convolutions without groups, matrix products, and products of neighbour search.
  func multiplyTiles(
    _ p: TileProblem, _ x: Storage, _ panels: Storage, _ epilogue: Epilogue, into y: Storage
  ) throws {
    let panelCount = (p.outputs + tiling.panel - 1) / tiling.panel
    let tasks = (p.pixels + tiling.rowsPerTask - 1) / tiling.rowsPerTask
    let depth = p.kernelHeight * p.kernelWidth * p.channels
    let itemPanels = tiling.shape == .cpu ? panelsPerItem(panelCount, depth: depth, blocks: tasks * p.batch) : 1
    let (size, group) =
      tiling.shape == .cpu
      ? ([tasks, (panelCount + itemPanels - 1) / itemPanels, p.batch], [1, 1, 1])
      : ([tasks * tiling.group, panelCount, p.batch], [tiling.group, 1, 1])
    try launch(
      "convolution_tiles", size: size, group: group, x, panels, epilogue.bias ?? y, epilogue.residual ?? y, y,
      p.height, p.width, p.channels, p.outputHeight, p.outputWidth, p.outputs, p.kernelHeight, p.kernelWidth,
      p.strideY, p.strideX, p.dilationY, p.dilationX, p.top, p.left, p.pixels, itemPanels, p.scale,
      epilogue.bias != nil, epilogue.residual != nil, p.accumulate, Int(epilogue.activation.rawValue),
      p.height * p.width * p.channels,
      panelCount * tiling.panel * depth, p.pixels * p.outputs)
  }

  /// Panels that a work-item of the CPU shape visits with its block of pixels: all, where these and the weights stay in a
  /// core's cache, so that rows of y are written whole; fewer where blocks are too few for all cores.
  private func panelsPerItem(_ panels: Int, depth: Int, blocks: Int) -> Int {
    guard panels * tiling.panel * depth <= Self.cachedWeights else { return 1 }
    let parts = min(max(Self.itemsPerCore * traits.computeUnits / blocks, 1), panels)
    return (panels + parts - 1) / parts
  }

  /// Floats of weights: half of a small core's second cache.
  private static let cachedWeights = 1 << 16
  private static let itemsPerCore = 8
}

/// What `convolution_tiles` computes: pixels, each with a patch, times packed columns; a batch of matrix products is the
/// same with 1 x 1 patches and a stride between batches.
struct TileProblem {
  var height, width, channels, outputHeight, outputWidth, outputs: Int
  var kernelHeight = 1
  var kernelWidth = 1
  var strideY = 1
  var strideX = 1
  var dilationY = 1
  var dilationX = 1
  var top = 0
  var left = 0
  /// Output pixels over all pictures.
  var pixels: Int
  var scale: Float = 1
  var accumulate = false
  /// Independent products; 1 for convolutions, whose weights serve all pictures.
  var batch = 1

  /// [rows, depth] times [depth, columns].
  init(rows: Int, columns: Int, depth: Int) {
    (height, width, channels) = (1, rows, depth)
    (outputHeight, outputWidth, outputs) = (1, rows, columns)
    pixels = rows
  }

  init(_ p: ConvolutionProblem) {
    (height, width, channels) = (p.height, p.width, p.inputChannels)
    (outputHeight, outputWidth, outputs) = (p.outputHeight, p.outputWidth, p.outputChannels)
    (kernelHeight, kernelWidth) = (p.kernel.height, p.kernel.width)
    (strideY, strideX) = (p.stride.height, p.stride.width)
    (dilationY, dilationX) = (p.dilation.height, p.dilation.width)
    (top, left) = (p.padding.top, p.padding.left)
    pixels = p.batch * p.outputHeight * p.outputWidth
  }
}
