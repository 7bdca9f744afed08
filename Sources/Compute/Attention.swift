/// Scaled dot-product attention, each head by itself (Vaswani et al. 2017, arXiv 1706.03762, equation 1):
/// `y[b, i, h, ·] = Σⱼ softmaxⱼ(q[b, i, h, ·] · k[b, j, h, ·] / √width) v[b, j, h, ·]`.
///
/// - q, y: [batch, queries, heads, width]
/// - k, v: [batch, keys, heads, width]
/// - logSums: [batch, heads, queries], `log Σⱼ e^score`, which gradients start from
///
/// Causal: query i sees keys 0 … i.
public struct AttentionProblem: Hashable, Sendable {
  public let batch, heads, queries, keys, width: Int
  public let isCausal: Bool

  public init(
    batch: Int = 1, heads: Int, queries: Int, keys: Int, width: Int, isCausal: Bool = false
  ) throws(ShapeError) {
    try Shape.checkedCount([batch, queries, heads, width], operation: "attend")
    try Shape.checkedCount([batch, keys, heads, width], operation: "attend")
    guard width <= Self.largestWidth else {
      throw .outOfRange(operation: "attend", what: "a head's width", value: width, allowed: 1...Self.largestWidth)
    }
    self.batch = batch
    self.heads = heads
    self.queries = queries
    self.keys = keys
    self.width = width
    self.isCausal = isCausal
  }

  /// The sums of eight queries fit 32 KiB of local memory, which every OpenCL device has.
  private static let largestWidth = 768

  public var queryCount: Int { batch * queries * heads * width }
  public var keyCount: Int { batch * keys * heads * width }
  public var logSumCount: Int { batch * heads * queries }
  public var scale: Float { 1 / Float(width).squareRoot() }
  /// Pairs of a query and a key that it sees; each takes one exponential.
  public var scoreCount: Int {
    // The first queries see 1, 2, 3 … keys, those beyond the last key all of them.
    let growing = min(queries, keys)
    let seen = isCausal ? growing * (growing + 1) / 2 + (queries - growing) * keys : queries * keys
    return batch * heads * seen
  }
  /// Of both products.
  public var floatingPointOperations: Int { 4 * width * scoreCount }
  public var bytesMoved: Int { 4 * (2 * queryCount + 2 * keyCount + logSumCount) }
}

public protocol AttentionKernels {
  /// NaN in a query spoils that query's results; NaN in a key or value, those of all queries that see it, and a value's
  /// perhaps others'.
  func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage) throws
}

extension AttentionProblem {
  package func check(
    _ q: Storage, _ k: Storage, _ v: Storage, _ y: Storage, _ logSums: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("attend", on: device)
    try arguments.require(q, "q", count: queryCount)
    try arguments.require(k, "k", count: keyCount)
    try arguments.require(v, "v", count: keyCount)
    try arguments.require(y, "y", count: queryCount)
    try arguments.require(logSums, "logSums", count: logSumCount)
  }
}
