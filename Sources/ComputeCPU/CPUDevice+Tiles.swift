import CLoops
import Compute

/// Convolutions of all channels together, in registers, on weights that are packed once into panels of columns.
extension CPUDevice {
  /// A task is some output pixels by one panel.
  func convolveTiles(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) throws {
    let depth = p.kernel.height * p.kernel.width * p.inputChannels
    let panels = Self.panels(p.outputChannels)
    let packed = try w.layout("panels of \(p.outputChannels)") {
      let packed = try Storage(
        count: Shape.checkedCount([panels, depth, loops.pointee.panel_width()], operation: "convolve"), on: self)
      parallel(panels) { loops.pointee.pack(w.pointer, depth, p.outputChannels, 0, $0, packed.pointer) }
      return packed
    }
    withArguments(p, epilogue) { geometry, terms in
      multiplyTiles(
        geometry, terms, x.pointer, packed.pointer, packedCount: packed.count, panels: panels,
        rows: p.batch * p.outputHeight * p.outputWidth, y.pointer)
    }
  }

  /// Output pixels, or rows of a matrix, by packed columns.
  func multiplyTiles(
    _ geometry: UnsafePointer<fl_convolution>, _ terms: UnsafePointer<fl_epilogue_terms>, _ x: UnsafePointer<Float>,
    _ packed: UnsafePointer<Float>, packedCount: Int, panels: Int, rows: Int, _ y: UnsafeMutablePointer<Float>
  ) {
    let size = Self.tilesPerTask * loops.pointee.tile_rows()
    let chunks = (rows + size - 1) / size
    // Weights that stay in a core's cache serve each chunk while that is there, too. Of larger ones a panel serves all of a
    // thread's pixels, and threads go through the panels side by side: memory is read once for all.
    let isSmall = packedCount <= Self.cachedWeights
    let split = isSmall ? PanelSplit(panels, blocks: chunks, threads) : PanelSplit(panels)
    let parts = isSmall ? 1 : min(threads, chunks)
    let chunksPerPart = (chunks + parts - 1) / parts
    parallel(parts * split.count * chunksPerPart) { task in
      let chunk = task / chunksPerPart / split.count * chunksPerPart + task % chunksPerPart
      guard chunk < chunks else { return }
      let part = split[task / chunksPerPart % split.count]
      loops.pointee.convolve_tiles(
        geometry, x, packed, terms, chunk * size, min((chunk + 1) * size, rows), part.lowerBound, part.upperBound, y)
    }
  }

  /// A task is a block of Winograd's tiles by all panels, or by some of them where blocks are too few for all threads.
  func convolveWinograd(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) throws {
    let tiles = p.winogradTiles(p.chosenAlgorithm)
    let panels = Self.panels(p.outputChannels)
    if let parts = WinogradTaps(
      p, tiles, panel: loops.pointee.panel_width(), rows: loops.pointee.tile_rows(), cores: threads, memory: .max)
    {
      try convolveWinogradByTaps(p, tiles, parts, x, w, epilogue, y)
      return
    }
    let packed = try w.layout("winograd\(tiles.edge) of \(p.outputChannels)") {
      let packed = try Storage(
        count: Shape.checkedCount(
          [panels, tiles.places, p.inputChannels, loops.pointee.panel_width()], operation: "convolve"), on: self)
      parallel(panels) {
        loops.pointee.winograd_weights(w.pointer, tiles.edge, p.inputChannels, p.outputChannels, $0, packed.pointer)
      }
      return packed
    }
    let block = loops.pointee.tile_rows()
    let blocks = (tiles.count + block - 1) / block
    let split = PanelSplit(panels, blocks: blocks, threads)
    // Pointers, for threads that count references to one array get in each other's way.
    let (input, weights, output) = (UnsafePointer(x.pointer), UnsafePointer(packed.pointer), y.pointer)
    var grid = fl_winograd(
      edge: tiles.edge, rows: tiles.rows, columns: tiles.columns, count: tiles.count, block: block, channels: 0)
    withArguments(p, epilogue) { geometry, terms in
      withUnsafePointer(to: &grid) { grid in
        parallel(blocks * split.count, scratchCount: loops.pointee.winograd_scratch(geometry, grid)) { task, scratch in
          // Threads with tiles of their own go through the same weights side by side: memory is read once for all.
          let first = task / split.count * block
          let part = split[task % split.count]
          loops.pointee.winograd_tiles(
            geometry, grid, input, weights, terms, first, min(block, tiles.count - first), part.lowerBound,
            part.upperBound, scratch, output)
        }
      }
    }
  }

  /// A task is all tiles by some panels, whose weights it transforms.
  private func convolveWinogradByTaps(
    _ p: ConvolutionProblem, _ tiles: WinogradTiles, _ parts: WinogradTaps, _ x: Storage, _ w: Storage,
    _ epilogue: Epilogue, _ y: Storage
  ) throws {
    let depth = 9 * p.inputChannels
    let taps = try w.layout("taps of \(p.outputChannels)") {
      let byChannel = try Storage(count: w.count, on: self)
      try permute(
        PermutationProblem(input: [9, p.inputChannels, p.outputChannels], order: [1, 0, 2]), w, into: byChannel)
      let packed = try Storage(
        count: Shape.checkedCount([parts.panels, depth, loops.pointee.panel_width()], operation: "convolve"), on: self)
      parallel(parts.panels) { loops.pointee.pack(byChannel.pointer, depth, p.outputChannels, 0, $0, packed.pointer) }
      return packed
    }
    let (input, weights, output) = (UnsafePointer(x.pointer), UnsafePointer(taps.pointer), y.pointer)
    var grid = fl_winograd(
      edge: tiles.edge, rows: tiles.rows, columns: tiles.columns, count: tiles.count, block: parts.tiles,
      channels: WinogradTaps.channels)
    withArguments(p, epilogue) { geometry, terms in
      withUnsafePointer(to: &grid) { grid in
        parallel(parts.tasks, scratchCount: parts.inputCount + parts.weightCount + parts.productCount) {
          task, scratch in
          let first = task * parts.panelsPerTask
          loops.pointee.winograd_taps(
            geometry, grid, input, weights, terms, first, min(first + parts.panelsPerTask, parts.panels), scratch,
            output)
        }
      }
    }
  }

  static func panels(_ columns: Int) -> Int {
    (columns + loops.pointee.panel_width() - 1) / loops.pointee.panel_width()
  }

  private static let tilesPerTask = 8
  /// Floats of weights: half of a small core's second cache.
  private static let cachedWeights = 1 << 16

  private func withArguments(
    _ p: ConvolutionProblem, _ epilogue: Epilogue,
    _ body: (UnsafePointer<fl_convolution>, UnsafePointer<fl_epilogue_terms>) -> Void
  ) {
    let geometry = fl_convolution(p)
    let terms = fl_epilogue_terms(
      scale: 1, bias: epilogue.bias.map { UnsafePointer($0.pointer) },
      residual: epilogue.residual.map { UnsafePointer($0.pointer) },
      activation: epilogue.activation.rawValue)
    withUnsafePointer(to: geometry) { geometry in withUnsafePointer(to: terms) { body(geometry, $0) } }
  }
}

/// Panels shared out among tasks: all to one, or to several where blocks of pixels are too few for all threads.
private struct PanelSplit {
  private let panels, size: Int
  let count: Int

  /// One panel a task.
  init(_ panels: Int) { (self.panels, size, count) = (panels, 1, panels) }

  init(_ panels: Int, blocks: Int, _ threads: Int) {
    let wanted = min((2 * threads + blocks - 1) / blocks, panels)
    self.panels = panels
    size = (panels + wanted - 1) / wanted
    count = (panels + size - 1) / size
  }

  subscript(task: Int) -> Range<Int> { (task * size)..<min((task + 1) * size, panels) }
}
