/// How a convolution is computed. All give the same result up to rounding.
public enum ConvolutionAlgorithm: String, CaseIterable, Sendable {
  /// The one that multiplies least among those that the problem admits.
  case automatic
  /// Each product of the definition. Sums of whole numbers are exact; NaN reaches just the outputs that read it.
  case direct
  /// Winograd's minimal filtering on tiles of 2 x 2 outputs, 4 multiplications instead of 9 for each: more accurate than
  /// `direct`, since its sums are shorter.
  case winograd2
  /// On tiles of 4 x 4 outputs, 2.25 multiplications instead of 9: about four times the rounding errors of `direct`.
  case winograd4

  /// Outputs along the edge of a Winograd tile; nil for the others.
  public var tileEdge: Int? {
    switch self {
    case .winograd2: 2
    case .winograd4: 4
    case .automatic, .direct: nil
    }
  }
}

extension ConvolutionProblem {
  /// 3 x 3 taps side by side, every pixel an output, all channels together, in whole vectors.
  public var admitsWinograd: Bool {
    kernel == 3 && stride == 1 && dilation == 1 && groups == 1 && inputChannels % Self.winogradChannels == 0
  }

  /// Channels that a vector of any device divides.
  static let winogradChannels = 16

  /// The algorithm that devices run, never `automatic`.
  ///
  /// The fewest multiplications of input channel by output channel win, with the tiles that fill up a block of 8 counted.
  /// Transforms, two to three hundred operations a channel, pay from 32 channels on; they must save a quarter at least,
  /// which also keeps the larger errors and weights of `winograd4` for where they bring something.
  public var chosenAlgorithm: ConvolutionAlgorithm {
    guard algorithm == .automatic else { return algorithm }
    guard admitsWinograd, inputChannels >= 32, outputChannels >= 32 else { return .direct }
    var (best, least) = (ConvolutionAlgorithm.direct, 9 * batch * outputHeight * outputWidth)
    for candidate in [ConvolutionAlgorithm.winograd2, .winograd4] {
      let grid = winogradTiles(candidate)
      let multiplications = (grid.count + 7) / 8 * 8 * grid.places
      if multiplications * 4 <= least * 3 { (best, least) = (candidate, multiplications) }
    }
    return best
  }

  /// Tiles of a Winograd algorithm over the whole batch.
  package func winogradTiles(_ algorithm: ConvolutionAlgorithm) -> WinogradTiles {
    guard let edge = algorithm.tileEdge else { preconditionFailure("\(algorithm) has no tiles.") }
    return WinogradTiles(
      edge: edge, rows: (outputHeight + edge - 1) / edge, columns: (outputWidth + edge - 1) / edge, batch: batch)
  }
}

/// The tiles that cover a convolution's outputs.
package struct WinogradTiles {
  /// Outputs along a tile's edge.
  package let edge: Int
  /// Tiles of one picture.
  package let rows, columns: Int
  let batch: Int

  package var count: Int { batch * rows * columns }
  /// Values of a transformed tile.
  package var places: Int { (edge + 2) * (edge + 2) }
}
