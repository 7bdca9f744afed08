/// How a depthwise convolution is divided among tasks: each takes a vector of channels of some rows of a picture.
package struct DepthwiseBlocks: Sendable {
  package struct Block: Sendable {
    package let picture, channel: Int
    package let rows: Range<Int>
  }

  /// Output rows of a block, and blocks of a picture's vector.
  package let rows, perPicture: Int
  /// Vectors of channels.
  package let vectors: Int
  package let tasks: Int
  private let outputHeight, vectorWidth: Int

  fileprivate init(_ p: ConvolutionProblem, vectorWidth: Int, cores: Int) {
    self.vectorWidth = vectorWidth
    outputHeight = p.outputHeight
    vectors = (p.inputChannels + vectorWidth - 1) / vectorWidth
    // Each core some tasks, and rows of its own, as other operations divide pictures; but a block fetches the rows of its
    // first window, which the one before has as well: small pictures are divided by channels alone.
    let wanted = max((4 * cores + p.batch * vectors - 1) / (p.batch * vectors), (cores + p.batch - 1) / p.batch)
    let least = (p.kernel.height - 1) * p.dilation.height + 3
    let count = max(min(wanted, p.outputHeight / least), 1)
    rows = (p.outputHeight + count - 1) / count
    perPicture = (p.outputHeight + rows - 1) / rows
    self.tasks = p.batch * vectors * perPicture
  }

  /// Neighbours in channels follow each other: they share pages, and lines that come in pairs.
  package subscript(task: Int) -> Block {
    let first = task / vectors % perPicture * rows
    return Block(
      picture: task / vectors / perPicture, channel: task % vectors * vectorWidth,
      rows: first..<min(first + rows, outputHeight))
  }
}

/// The rows of a picture that a window of a depthwise convolution covers, with their padding, for a vector of channels.
package struct DepthwiseRing: Sendable {
  package let rows, columns: Int
  /// Pixels.
  package var count: Int { rows * columns }

  package init(_ p: ConvolutionProblem, outputsSideBySide outputs: Int) {
    rows = (p.kernel.height - 1) * p.dilation.height + 1
    let positions = (p.outputWidth + outputs - 1) / outputs * outputs
    columns = (positions - 1) * p.stride.width + (p.kernel.width - 1) * p.dilation.width + 1
  }
}

extension ConvolutionProblem {
  /// - vectorWidth: channels that a task takes side by side
  /// - cores: as many have tasks
  package func depthwiseBlocks(vectorWidth: Int, cores: Int) -> DepthwiseBlocks {
    DepthwiseBlocks(self, vectorWidth: vectorWidth, cores: cores)
  }
}
