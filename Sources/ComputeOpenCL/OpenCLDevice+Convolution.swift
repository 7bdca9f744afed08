public import Compute

extension OpenCLDevice {
  public func convolve(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, epilogue: Epilogue, into y: Storage
  ) throws {
    try p.check(x, w, epilogue, y, on: self)
    if p.isDepthwise {
      try convolveDepthwise(p, x, w, epilogue, y)
    } else if p.groups > 1 {
      try convolveGrouped(p, x, w, epilogue, y)
    } else if p.chosenAlgorithm != .direct, try convolveWinograd(p, p.chosenAlgorithm, x, w, epilogue, y) {
      return
    } else {
      let depth = p.kernel.height * p.kernel.width * p.inputChannels
      let panels = try w.layout("panels of \(p.outputChannels)") {
        try packed(w, batch: 1, depth: depth, columns: p.outputChannels, transposed: false)
      }
      try multiplyTiles(TileProblem(p), x, panels, epilogue, into: y)
    }
  }

  private func convolveDepthwise(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) throws {
    // Kernels take a valid buffer for what they will not read.
    let arguments: [any KernelParameter] = [
      x, w, epilogue.bias ?? y, epilogue.residual ?? y, y, p.height, p.width, p.inputChannels, p.outputHeight,
      p.outputWidth, p.outputChannels, p.kernel.height, p.kernel.width, p.stride.height, p.stride.width,
      p.dilation.height, p.dilation.width, p.padding.top, p.padding.left,
    ]
    let flags: [any KernelParameter] = [
      epilogue.bias != nil, epilogue.residual != nil, Int(epilogue.activation.rawValue),
    ]
    guard tiling.shape == .cpu else {
      let lines = p.batch * p.outputHeight
      return try launch(
        "depthwise_forward", size: [p.inputChannels, lines * p.outputWidth], group: [16, 4], arguments + [lines] + flags
      )
    }
    let ring = DepthwiseRing(p, outputsSideBySide: Tiling.outputsSideBySide)
    let memory = LocalFloats(count: (ring.count + p.kernel.height * p.kernel.width) * tiling.vectorWidth)
    guard memory.localByteCount <= traits.localMemory else { return try convolveGrouped(p, x, w, epilogue, y) }
    let blocks = p.depthwiseBlocks(vectorWidth: tiling.vectorWidth, cores: traits.computeUnits)
    try launch(
      "depthwise_rows", size: [blocks.vectors, blocks.perPicture, p.batch], group: [1, 1, 1],
      arguments + [blocks.rows, ring.rows, ring.columns] + flags + [memory])
  }

  private func convolveGrouped(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) throws {
    try launch(
      "convolution_grouped", elements: p.outputCount, x, w, epilogue.bias ?? y, epilogue.residual ?? y, y, p.height,
      p.width, p.inputChannels, p.outputHeight, p.outputWidth, p.outputChannels, p.kernel.height, p.kernel.width,
      p.stride.height, p.stride.width, p.dilation.height, p.dilation.width, p.padding.top, p.padding.left,
      p.outputCount, p.groups, epilogue.bias != nil, epilogue.residual != nil, Int(epilogue.activation.rawValue))
  }

  public func pool(_ p: PoolingProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    let lines = p.batch * p.outputHeight
    let vectors = (p.channels + tiling.vectorWidth - 1) / tiling.vectorWidth
    // All channels of a row, or where rows are few as many as leave every core some items.
    let parts = min((4 * traits.computeUnits + lines - 1) / lines, vectors)
    let vectorsPerItem = (vectors + parts - 1) / parts
    let (size, group) =
      tiling.shape == .cpu
      ? ([(vectors + vectorsPerItem - 1) / vectorsPerItem, lines], [1, 1])
      : ([p.channels, lines * p.outputWidth], [16, 4])
    try launch("pooling_forward", size: size, group: group, [x, y] + window(p, lines: lines) + [vectorsPerItem])
  }

  public func poolBackward(
    _ p: PoolingProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try p.checkGradient(x, outputGradient, gradient, on: self)
    if tiling.shape == .cpu, p.kind == .maximum {
      let vectors = (p.channels + tiling.vectorWidth - 1) / tiling.vectorWidth
      return try launch(
        "pooling_maximum_backward", size: [vectors, p.batch * p.gradientBands.count], group: [1, 1],
        [x, outputGradient, gradient] + window(p, lines: p.batch * p.height) + [p.gradientBands.rows])
    }
    let lines = p.batch * p.height
    let (size, group) = wideItems(p.channels, lines * p.width)
    try launch(
      "pooling_backward", size: size, group: group, [x, outputGradient, gradient] + window(p, lines: lines))
  }

  private func window(_ p: PoolingProblem, lines: Int) -> [any KernelParameter] {
    let (maximum, paddingCounts) =
      switch p.kind {
      case .maximum: (true, false)
      case .average(let paddingCounts): (false, paddingCounts)
      }
    return [
      p.height, p.width, p.channels, p.outputHeight, p.outputWidth, p.kernel.height, p.kernel.width, p.stride.height,
      p.stride.width, p.padding.top, p.padding.left, lines, maximum, paddingCounts,
    ]
  }

  /// Items that take the channels side by side which one work-item takes (WIDTH in the kernels), by pixels.
  func wideItems(_ channels: Int, _ pixels: Int) -> (size: [Int], group: [Int]) {
    tiling.shape == .cpu
      ? ([(channels + tiling.vectorWidth - 1) / tiling.vectorWidth, pixels], [1, min(tiling.group, 16)])
      : ([channels, pixels], [16, 4])
  }
}
