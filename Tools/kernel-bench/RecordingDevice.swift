import Benchmarking
import Compute

/// A device that passes everything on to another one, and notes each operation with its time.
///
/// Arrays belong to this device by name and to the other one by memory: they are lent to it for each operation. Each
/// operation is waited for, so the sum of the times is more than a run takes that is not recorded.
///
/// `@unchecked Sendable`: one thread uses it, that of the command.
final class RecordingDevice: Device, PartitionedMemory, @unchecked Sendable {
  struct Call {
    let operation: String
    let shape: String
    let model: WorkModel
    let seconds: Double
  }

  private let inner: any Device
  private(set) var calls: [Call] = []

  init(_ inner: any Device) { self.inner = inner }

  /// Forgets what was noted, before the run that counts.
  func reset() { calls = [] }

  private func note(
    _ operation: String, _ shape: String, flops: Int = 0, bytes: Int, exponentials: Int = 0, _ body: () throws -> Void
  ) throws {
    try inner.synchronize()
    let start = BlockTimer.monotonic()
    try body()
    try inner.synchronize()
    let seconds = BlockTimer.monotonic() - start
    let model = WorkModel(floatingPointOperations: flops, bytes: bytes, exponentials: exponentials)
    calls.append(Call(operation: operation, shape: shape, model: model, seconds: seconds))
  }

  private func of(_ x: Storage) -> Storage { x.lent(to: inner) }
  private func of(_ x: IndexStorage) -> IndexStorage { x.lent(to: inner) }

  var description: String { inner.description }
  var traits: DeviceTraits { inner.traits }
  var memoryUse: MemoryUse { inner.memoryUse }
  func allocate(byteCount: Int) throws -> DeviceMemory { try inner.allocate(byteCount: byteCount) }
  func release(_ memory: DeviceMemory, byteCount: Int) { inner.release(memory, byteCount: byteCount) }
  func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws { try inner.upload(bytes, to: target) }
  func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws {
    try inner.download(source, into: bytes)
  }
  func synchronize() throws { try inner.synchronize() }

  // Both devices can divide their memory.
  private var partitioned: any PartitionedMemory {
    guard let inner = inner as? any PartitionedMemory else { preconditionFailure("\(inner) has no memory of parts") }
    return inner
  }
  var partAlignment: Int { partitioned.partAlignment }
  func part(of memory: DeviceMemory, at offset: Int, byteCount: Int) throws -> DeviceMemory {
    try partitioned.part(of: memory, at: offset, byteCount: byteCount)
  }
  func releasePart(_ part: DeviceMemory) { partitioned.releasePart(part) }

  /// `3x3 s2 1x64x64 64->128`
  private func text(_ p: ConvolutionProblem) -> String {
    let kind = p.isDepthwise ? "depthwise" : p.groups > 1 ? "grouped" : p.isPointwise ? "1x1" : "\(p.kernel)"
    let stride = p.stride == 1 ? "" : " s\(p.stride.height)"
    return "\(kind)\(p.isDepthwise ? " \(p.kernel)" : "")\(stride) \(p.batch)x\(p.height)x\(p.width) "
      + "\(p.inputChannels)->\(p.outputChannels)"
  }

  func convolve(_ p: ConvolutionProblem, _ x: Storage, _ w: Storage, epilogue: Epilogue, into y: Storage) throws {
    let lent = Epilogue(
      bias: epilogue.bias.map(of), residual: epilogue.residual.map(of), activation: epilogue.activation)
    let extra = 4 * ((epilogue.bias?.count ?? 0) + (epilogue.residual?.count ?? 0))
    try note("convolve", text(p), flops: p.floatingPointOperations, bytes: p.bytesMoved + extra) {
      try inner.convolve(p, of(x), of(w), epilogue: lent, into: of(y))
    }
  }

  func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage, accumulate: Bool
  ) throws {
    try note("convolveBackwardWeights", text(p), flops: p.floatingPointOperations, bytes: p.bytesMoved) {
      try inner.convolveBackwardWeights(
        p, of(x), outputGradient: of(outputGradient), into: of(gradient), accumulate: accumulate)
    }
  }

  func activateBackward(
    _ activation: Activation, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try note("activateBackward \(activation)", "\(x.count)", bytes: 12 * x.count) {
      try inner.activateBackward(activation, of(x), outputGradient: of(outputGradient), into: of(gradient))
    }
  }

  func poolBackward(_ p: PoolingProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage) throws {
    let shape = "\(p.kernel) \(p.batch)x\(p.height)x\(p.width) \(p.channels)"
    try note("poolBackward", shape, flops: p.floatingPointOperations, bytes: p.bytesMoved) {
      try inner.poolBackward(p, of(x), outputGradient: of(outputGradient), into: of(gradient))
    }
  }

  func resampleBackward(_ p: ResamplingProblem, outputGradient: Storage, into gradient: Storage) throws {
    try note("resampleBackward", "\(outputGradient.count)->\(gradient.count)", bytes: p.bytesMoved) {
      try inner.resampleBackward(p, outputGradient: of(outputGradient), into: of(gradient))
    }
  }

  func softmaxBackward(_ p: SoftmaxProblem, _ y: Storage, outputGradient: Storage, into gradient: Storage) throws {
    try note("softmaxBackward", "\(y.count)", flops: 4 * y.count, bytes: 12 * y.count) {
      try inner.softmaxBackward(p, of(y), outputGradient: of(outputGradient), into: of(gradient))
    }
  }

  func normalize(
    _ p: NormalizationProblem, _ x: Storage, _ parameters: NormalizationParameters, into y: Storage, means: Storage,
    variances: Storage
  ) throws {
    try note("normalize", text(p), flops: 8 * p.count, bytes: p.bytesMoved) {
      try inner.normalize(p, of(x), of(parameters), into: of(y), means: of(means), variances: of(variances))
    }
  }

  func applyNormalization(
    _ p: NormalizationProblem, _ x: Storage, means: Storage, variances: Storage, _ parameters: NormalizationParameters,
    into y: Storage
  ) throws {
    try note("applyNormalization", text(p), flops: 3 * p.count, bytes: p.bytesMoved) {
      try inner.applyNormalization(
        p, of(x), means: of(means), variances: of(variances), of(parameters), into: of(y))
    }
  }

  func normalizeBackward(
    _ p: NormalizationProblem, _ x: Storage, outputGradient: Storage, means: Storage, variances: Storage,
    scale: Storage?, into gradient: Storage, scaleGradient: Storage, shiftGradient: Storage
  ) throws {
    try note("normalizeBackward", text(p), flops: 14 * p.count, bytes: 12 * p.count) {
      try inner.normalizeBackward(
        p, of(x), outputGradient: of(outputGradient), means: of(means), variances: of(variances),
        scale: scale.map(of), into: of(gradient), scaleGradient: of(scaleGradient), shiftGradient: of(shiftGradient))
    }
  }

  private func of(_ parameters: NormalizationParameters) -> NormalizationParameters {
    NormalizationParameters(scale: parameters.scale.map(of), shift: parameters.shift.map(of))
  }

  private func text(_ p: NormalizationProblem) -> String {
    "\(p.batch)x\(p.positions)x\(p.channels) in \(p.groups)"
  }

  func fillRandom(_ distribution: RandomDistribution, _ key: RandomKey, into y: Storage) throws {
    try note("fillRandom \(distribution)", "\(y.count)", bytes: 4 * y.count) {
      try inner.fillRandom(distribution, key, into: of(y))
    }
  }

  func sample(means: Storage, logVariances: Storage, _ key: RandomKey, into z: Storage) throws {
    try note("sample", "\(z.count)", bytes: 12 * z.count) {
      try inner.sample(means: of(means), logVariances: of(logVariances), key, into: of(z))
    }
  }

  func adam(
    _ step: AdamStep, _ values: Storage, gradient: Storage, firstMoment: Storage, secondMoment: Storage,
    gradientFactor: Storage
  ) throws {
    try note("adam", "\(values.count)", bytes: 32 * values.count) {
      try inner.adam(
        step, of(values), gradient: of(gradient), firstMoment: of(firstMoment), secondMoment: of(secondMoment),
        gradientFactor: of(gradientFactor))
    }
  }

  func descend(
    _ step: MomentumStep, _ values: Storage, gradient: Storage, velocity: Storage, gradientFactor: Storage
  ) throws {
    try note("descend", "\(values.count)", bytes: 24 * values.count) {
      try inner.descend(
        step, of(values), gradient: of(gradient), velocity: of(velocity), gradientFactor: of(gradientFactor))
    }
  }

  func blend(_ x: Storage, weight: Float, into y: Storage) throws {
    try note("blend", "\(y.count)", bytes: 12 * y.count) { try inner.blend(of(x), weight: weight, into: of(y)) }
  }

  func sampleBackward(
    means: Storage, logVariances: Storage, z: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try note("sampleBackward", "\(z.count)", bytes: 20 * z.count) {
      try inner.sampleBackward(
        means: of(means), logVariances: of(logVariances), z: of(z), outputGradient: of(outputGradient),
        into: of(gradient))
    }
  }

  func accumulateRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try note("accumulateRows", "\(x.count)->\(y.count)", bytes: 4 * (x.count + y.count)) {
      try inner.accumulateRows(of(x), width: width, indices: of(indices), into: of(y))
    }
  }

  func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage
  ) throws {
    try note("scoreGradients", "\(p.count)", flops: 4 * p.count, bytes: 16 * p.count, exponentials: p.count) {
      try inner.scoreGradients(
        p, scores: of(scores), gradients: of(gradients), logSums: of(logSums), products: of(products))
    }
  }

  func reverseTaps(_ p: TapReversal, _ w: Storage, into turned: Storage) throws {
    try note("reverseTaps", "\(turned.count)", bytes: 8 * turned.count) {
      try inner.reverseTaps(p, of(w), into: of(turned))
    }
  }

  func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage, accumulate: Bool) throws {
    try note("placeOnGrid", "\(x.count)", bytes: p.bytesMoved + (accumulate ? 4 * x.count : 0)) {
      try inner.placeOnGrid(p, of(x), into: of(y), accumulate: accumulate)
    }
  }

  func multiply(_ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool) throws
  {
    let shape = "\(p.batch)x \(p.rows)x\(p.columns)x\(p.depth)"
    try note("multiply", shape, flops: p.floatingPointOperations, bytes: p.bytesMoved) {
      try inner.multiply(p, of(a), of(b), into: of(c), scale: scale, accumulate: accumulate)
    }
  }

  func pool(_ p: PoolingProblem, _ x: Storage, into y: Storage) throws {
    let shape = "\(p.kernel) \(p.batch)x\(p.height)x\(p.width) \(p.channels)"
    try note("pool", shape, flops: p.floatingPointOperations, bytes: p.bytesMoved) {
      try inner.pool(p, of(x), into: of(y))
    }
  }

  func resample(_ p: ResamplingProblem, _ x: Storage, into y: Storage) throws {
    try note("resample", "\(x.count)->\(y.count)", bytes: p.bytesMoved) { try inner.resample(p, of(x), into: of(y)) }
  }

  func filter(_ p: FilteringProblem, _ x: Storage, taps: Storage, into y: Storage) throws {
    try note("filter", "\(x.count)", flops: p.floatingPointOperations, bytes: p.bytesMoved) {
      try inner.filter(p, of(x), taps: of(taps), into: of(y))
    }
  }

  func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws {
    try note("softmax", "\(x.count)", flops: 5 * x.count, bytes: p.bytesMoved, exponentials: x.count) {
      try inner.softmax(p, of(x), into: of(y))
    }
  }

  func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage
  ) throws {
    let shape = "\(p.batch)x\(p.heads)x\(p.queries)x\(p.keys)x\(p.width)"
    try note("attend", shape, flops: p.floatingPointOperations, bytes: p.bytesMoved, exponentials: p.scoreCount) {
      try inner.attend(p, of(q), of(k), of(v), into: of(y), logSums: of(logSums))
    }
  }

  func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    try note("reduce \(operation)", "\(x.count)->\(y.count)", flops: x.count, bytes: p.bytesMoved) {
      try inner.reduce(operation, p, of(x), into: of(y))
    }
  }

  func position(ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage) throws {
    try note("position", "\(x.count)->\(y.count)", bytes: p.bytesMoved) {
      try inner.position(ofSmallest: smallest, p, of(x), into: of(y))
    }
  }

  func fill(_ y: Storage, with value: Float) throws {
    try note("fill", "\(y.count)", bytes: 4 * y.count) { try inner.fill(of(y), with: value) }
  }

  func map(_ operation: UnaryOperation, _ x: Storage, into y: Storage) throws {
    try note("map \(operation)", "\(y.count)", bytes: 8 * y.count) { try inner.map(operation, of(x), into: of(y)) }
  }

  func combine(_ operation: BinaryOperation, _ a: Storage, _ b: Storage, into y: Storage) throws {
    try note("combine \(operation)", "\(y.count)", bytes: 12 * y.count) {
      try inner.combine(operation, of(a), of(b), into: of(y))
    }
  }

  func combineRows(_ operation: BinaryOperation, _ x: Storage, vector: Storage, into y: Storage) throws {
    try note("combineRows \(operation)", "\(y.count)", bytes: 8 * y.count) {
      try inner.combineRows(operation, of(x), vector: of(vector), into: of(y))
    }
  }

  func affine(_ x: Storage, scale: Float, shift: Float, into y: Storage) throws {
    try note("affine", "\(y.count)", bytes: 8 * y.count) {
      try inner.affine(of(x), scale: scale, shift: shift, into: of(y))
    }
  }

  func clamp(_ x: Storage, lower: Float, upper: Float, into y: Storage) throws {
    try note("clamp", "\(y.count)", bytes: 8 * y.count) {
      try inner.clamp(of(x), lower: lower, upper: upper, into: of(y))
    }
  }

  func activate(_ activation: Activation, _ x: Storage, into y: Storage) throws {
    try note("activate \(activation)", "\(y.count)", bytes: 8 * y.count) {
      try inner.activate(activation, of(x), into: of(y))
    }
  }

  func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try note("gatherRows", "\(y.count)", bytes: 8 * y.count) {
      try inner.gatherRows(of(x), width: width, indices: of(indices), into: of(y))
    }
  }

  func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws {
    try note("copy", "\(p.rows)x\(p.columns)", bytes: 8 * p.rows * p.columns) {
      try inner.copy(p, from: of(x), into: of(y))
    }
  }

  func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws {
    try note("permute", "\(y.count)", bytes: 8 * y.count) { try inner.permute(p, of(x), into: of(y)) }
  }

  /// No network searches: a bank would belong to the other device, so these are not recorded.
  struct NotRecorded: Error, CustomStringConvertible {
    let description = "Searches and coresets cannot be recorded; 'kernel-bench run' times them."
  }

  func makeNeighbourBank(_ x: Storage, rows: Int, width: Int) throws -> NeighbourBank { throw NotRecorded() }
  func nearest(
    _ p: NeighbourProblem, queries: Storage, bank: NeighbourBank, distances: Storage, indices: IndexStorage
  ) throws { throw NotRecorded() }
  func advanceCoreset(_ p: CoresetProblem, _ x: Storage, state: CoresetState, stretch: Range<Int>) throws {
    throw NotRecorded()
  }
}
