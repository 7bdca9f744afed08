/// Elements brought to mean 0 and variance 1 in groups, then scaled and shifted by channel:
/// `y = (x − mean) / √(variance + ε) · scale[c] + shift[c]`, with mean and variance (of n, not n − 1) of each picture's
/// groups of channels, over all its positions.
///
/// - x, y: [batch, positions, channels]
/// - means, variances: [batch, groups]
/// - scale, shift: [channels]
///
/// Group normalisation (Wu and He 2018, arXiv 1803.08494) as it stands; layer normalisation (Ba et al. 2016, arXiv
/// 1607.06450) is one position and one group; instance normalisation a group for each channel; batch normalisation (Ioffe
/// and Szegedy 2015, arXiv 1502.03167) that on one picture with the positions of the whole batch.
public struct NormalizationProblem: Hashable, Sendable {
  public private(set) var batch, positions: Int
  public let channels, groups: Int
  /// What is added to variances.
  public let epsilon: Float

  /// - Throws: ``ShapeError`` when channels are no multiple of groups.
  public init(
    batch: Int, positions: Int, channels: Int, groups: Int, epsilon: Float = 1e-5
  ) throws(ShapeError) {
    try Shape.checkedCount([batch, positions, channels], operation: "normalize")
    guard groups >= 1, channels % groups == 0 else {
      throw .notDivisible(operation: "normalize", what: "channels", value: channels, by: groups)
    }
    self.batch = batch
    self.positions = positions
    self.channels = channels
    self.groups = groups
    self.epsilon = epsilon
  }

  public static func layer(rows: Int, channels: Int, epsilon: Float = 1e-5) throws(ShapeError) -> Self {
    try Self(batch: rows, positions: 1, channels: channels, groups: 1, epsilon: epsilon)
  }

  /// - rows: pixels of all pictures
  public static func batch(rows: Int, channels: Int, epsilon: Float = 1e-5) throws(ShapeError) -> Self {
    try Self(batch: 1, positions: rows, channels: channels, groups: channels, epsilon: epsilon)
  }

  public var count: Int { batch * positions * channels }
  public var statisticsCount: Int { batch * groups }
  public var groupChannels: Int { channels / groups }
  /// Elements of a group.
  public var groupCount: Int { positions * groupChannels }
  public var bytesMoved: Int { 8 * count }

  /// Rows of one picture whose sums a task takes, some 16 384 elements, and how many such slices a picture has.
  package var slices: (rows: Int, count: Int) {
    let wanted = min(max(16_384 / channels, 16), positions)
    return (wanted, (positions + wanted - 1) / wanted)
  }

  /// The same elements as one picture, whose positions were the pictures.
  package var asOnePicture: NormalizationProblem {
    var copy = self
    (copy.batch, copy.positions) = (1, batch * positions)
    return copy
  }

  /// For the sums by channel of all rows where each row is a group's own: slices of the batch.
  package var rowSlices: (rows: Int, count: Int) {
    let rows = batch * positions
    let wanted = min(max(16_384 / channels, 16), rows)
    return (wanted, (rows + wanted - 1) / wanted)
  }
}

/// What a normalisation learns; nil for scale 1, and for shift 0.
public struct NormalizationParameters: Sendable {
  public var scale: Storage?
  public var shift: Storage?

  public init(scale: Storage? = nil, shift: Storage? = nil) {
    self.scale = scale
    self.shift = shift
  }
}

public protocol NormalizationKernels {
  /// Statistics in two passes over slices, merged in order (Chan, Golub and LeVeque 1983): no difference of large squares.
  func normalize(
    _ p: NormalizationProblem, _ x: Storage, _ parameters: NormalizationParameters, into y: Storage, means: Storage,
    variances: Storage) throws
  /// The same with given statistics: batch normalisation after training.
  func applyNormalization(
    _ p: NormalizationProblem, _ x: Storage, means: Storage, variances: Storage, _ parameters: NormalizationParameters,
    into y: Storage) throws
  /// With x̂ the normalised x, g = scale · outputGradient and means over a group:
  /// `gradient = (g − mean(g) − x̂ · mean(g · x̂)) / √(variance + ε)`, `scaleGradient = Σ outputGradient · x̂` and
  /// `shiftGradient = Σ outputGradient` over all rows.
  ///
  /// - means, variances: what ``normalize(_:_:_:into:means:variances:)`` gave
  func normalizeBackward(
    _ p: NormalizationProblem, _ x: Storage, outputGradient: Storage, means: Storage, variances: Storage,
    scale: Storage?, into gradient: Storage, scaleGradient: Storage, shiftGradient: Storage) throws
}

extension NormalizationProblem {
  package func check(
    _ operation: String, _ x: Storage, _ y: Storage, _ means: Storage, _ variances: Storage, _ scale: Storage?,
    _ shift: Storage?, on device: any Device
  ) throws {
    let arguments = Arguments(operation, on: device)
    try arguments.require(x, "x", count: count)
    try arguments.require(y, "y", count: count)
    try arguments.require(means, "means", count: statisticsCount)
    try arguments.require(variances, "variances", count: statisticsCount)
    if let scale { try arguments.require(scale, "scale", count: channels) }
    if let shift { try arguments.require(shift, "shift", count: channels) }
  }
}
