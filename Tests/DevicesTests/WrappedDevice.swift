import Compute
import ComputeCPU

/// The CPU path under another name and home, which can be told to compute one thing wrong: the driver that builds every
/// kernel and answers nonsense.
///
/// Arrays belong to the wrapper, so each operation runs on copies at home and the results are copied back.
final class WrappedDevice: Device {
  /// What it does wrong.
  enum Lie: CaseIterable, Sendable {
    case roundTrip, matrixProduct, convolution, rowSum, softmax, nearest, coreset
    /// Wrong in a way that no comparison with `<` sees.
    case notANumber
    /// A compiler that takes NaN for impossible.
    case finiteMath
  }

  let traits: DeviceTraits
  private let inner: CPUDevice
  private let lie: Lie?

  init(traits: DeviceTraits, memoryLimit: Int? = nil, lie: Lie? = nil) {
    self.traits = traits
    self.lie = lie
    inner = CPUDevice(threads: 1, memoryLimit: memoryLimit)
  }

  /// Thrown by what the self-test does not use.
  struct NotPlayed: Error {}

  var description: String { traits.name }
  var memoryUse: MemoryUse { inner.memoryUse }
  func allocate(byteCount: Int) throws -> DeviceMemory { try inner.allocate(byteCount: byteCount) }
  func release(_ memory: DeviceMemory, byteCount: Int) { inner.release(memory, byteCount: byteCount) }
  func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws { try inner.upload(bytes, to: target) }
  func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws {
    try inner.download(source, into: bytes)
  }
  func synchronize() throws {}

  private func home(_ x: Storage) throws -> Storage { try Storage(x.values(), on: inner) }
  private func home(_ x: IndexStorage) throws -> IndexStorage { try IndexStorage(x.values(), on: inner) }

  /// Copies results back; the last value is wrong when `lies`.
  private func finish(_ result: Storage, into y: Storage, lies: Bool) throws {
    var values = try result.values()
    if lies { values[values.count - 1] += 0.01 }
    if lie == .notANumber { values[0] = .nan }
    try values.withUnsafeBytes { try inner.upload($0, to: y.memory) }
  }

  private func finish(_ result: IndexStorage, into y: IndexStorage, lies: Bool) throws {
    var values = try result.values()
    if lies { values[values.count - 1] += 1 }
    try values.withUnsafeBytes { try inner.upload($0, to: y.memory) }
  }

  func affine(_ x: Storage, scale: Float, shift: Float, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    try inner.affine(home(x), scale: scale, shift: shift, into: result)
    try finish(result, into: y, lies: lie == .roundTrip)
  }

  func multiply(_ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool) throws
  {
    let result = try home(c)
    try inner.multiply(p, home(a), home(b), into: result, scale: scale, accumulate: accumulate)
    try finish(result, into: c, lies: lie == .matrixProduct)
  }

  func convolve(_ p: ConvolutionProblem, _ x: Storage, _ w: Storage, epilogue: Epilogue, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    try inner.convolve(p, home(x), home(w), epilogue: Epilogue(activation: epilogue.activation), into: result)
    try finish(result, into: y, lies: lie == .convolution)
  }

  func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    try inner.reduce(operation, p, home(x), into: result)
    try finish(result, into: y, lies: lie == .rowSum)
  }

  func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    try inner.softmax(p, home(x), into: result)
    try finish(result, into: y, lies: lie == .softmax)
  }

  func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage
  ) throws {
    let (result, sums) = (try Storage(count: y.count, on: inner), try Storage(count: logSums.count, on: inner))
    try inner.attend(p, home(q), home(k), home(v), into: result, logSums: sums)
    try finish(result, into: y, lies: false)
    try finish(sums, into: logSums, lies: false)
  }

  func map(_ operation: UnaryOperation, _ x: Storage, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    try inner.map(operation, home(x), into: result)
    try finish(result, into: y, lies: false)
  }

  func combine(_ operation: BinaryOperation, _ a: Storage, _ b: Storage, into y: Storage) throws {
    let result = try Storage(count: y.count, on: inner)
    if lie == .finiteMath {
      try result.replace(with: zip(a.values(), b.values()).map { $0 < $1 ? $0 : $1 })
    } else {
      try inner.combine(operation, home(a), home(b), into: result)
    }
    try finish(result, into: y, lies: false)
  }

  func makeNeighbourBank(_ x: Storage, rows: Int, width: Int) throws -> NeighbourBank {
    try inner.makeNeighbourBank(home(x), rows: rows, width: width)
  }

  func nearest(
    _ p: NeighbourProblem, queries: Storage, bank: NeighbourBank, distances: Storage, indices: IndexStorage
  ) throws {
    let (found, rows) = (
      try Storage(count: distances.count, on: inner), try IndexStorage(count: indices.count, on: inner)
    )
    try inner.nearest(p, queries: home(queries), bank: bank, distances: found, indices: rows)
    try finish(found, into: distances, lies: lie == .nearest)
    try finish(rows, into: indices, lies: false)
  }

  func advanceCoreset(_ p: CoresetProblem, _ x: Storage, state: CoresetState, stretch: Range<Int>) throws {
    let made = try CoresetState(p, on: inner)
    try inner.advanceCoreset(p, home(x), state: made, stretch: stretch)
    try finish(made.picks, into: state.picks, lies: lie == .coreset)
  }

  func fill(_ y: Storage, with value: Float) throws { throw NotPlayed() }
  func combineRows(_ operation: BinaryOperation, _ x: Storage, vector: Storage, into y: Storage) throws {
    throw NotPlayed()
  }
  func clamp(_ x: Storage, lower: Float, upper: Float, into y: Storage) throws { throw NotPlayed() }
  func activate(_ activation: Activation, _ x: Storage, into y: Storage) throws { throw NotPlayed() }
  func pool(_ p: PoolingProblem, _ x: Storage, into y: Storage) throws { throw NotPlayed() }
  func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws { throw NotPlayed() }
  func filter(_ p: FilteringProblem, _ x: Storage, taps: Storage, into y: Storage) throws { throw NotPlayed() }
  func position(ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage) throws {
    throw NotPlayed()
  }
  func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws { throw NotPlayed() }
  func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws { throw NotPlayed() }
  func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws { throw NotPlayed() }
  func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage, accumulate: Bool
  ) throws { throw NotPlayed() }
  func activateBackward(
    _ activation: Activation, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws { throw NotPlayed() }
  func poolBackward(_ p: PoolingProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage) throws {
    throw NotPlayed()
  }
  func resampleBackward(_ p: ResamplingProblem, outputGradient: Storage, into gradient: Storage) throws {
    throw NotPlayed()
  }
  func softmaxBackward(_ p: SoftmaxProblem, _ y: Storage, outputGradient: Storage, into gradient: Storage) throws {
    throw NotPlayed()
  }
  func normalize(
    _ p: NormalizationProblem, _ x: Storage, _ parameters: NormalizationParameters, into y: Storage, means: Storage,
    variances: Storage
  ) throws { throw NotPlayed() }
  func applyNormalization(
    _ p: NormalizationProblem, _ x: Storage, means: Storage, variances: Storage, _ parameters: NormalizationParameters,
    into y: Storage
  ) throws { throw NotPlayed() }
  func normalizeBackward(
    _ p: NormalizationProblem, _ x: Storage, outputGradient: Storage, means: Storage, variances: Storage,
    scale: Storage?, into gradient: Storage, scaleGradient: Storage, shiftGradient: Storage
  ) throws { throw NotPlayed() }
  func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, into y: Storage) throws { throw NotPlayed() }
  func sample(means: Storage, logVariances: Storage, _ key: RandomKey, into z: Storage) throws { throw NotPlayed() }
  func adam(
    _ step: AdamStep, _ values: Storage, gradient: Storage, firstMoment: Storage, secondMoment: Storage,
    gradientFactor: Storage
  ) throws { throw NotPlayed() }
  func descend(
    _ step: MomentumStep, _ values: Storage, gradient: Storage, velocity: Storage, gradientFactor: Storage
  ) throws { throw NotPlayed() }
  func blend(_ x: Storage, weight: Float, into y: Storage) throws { throw NotPlayed() }
  func sampleBackward(
    means: Storage, logVariances: Storage, z: Storage, outputGradient: Storage, into gradient: Storage
  ) throws { throw NotPlayed() }
  func accumulateRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws { throw NotPlayed() }
  func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage
  ) throws { throw NotPlayed() }
  func reverseTaps(_ p: TapReversal, _ w: Storage, into turned: Storage) throws { throw NotPlayed() }
  func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage, accumulate: Bool) throws { throw NotPlayed() }
}
