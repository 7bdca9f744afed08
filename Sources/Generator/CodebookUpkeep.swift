import Compute
import Networks
import Tensors

/// What happens to a codebook in training besides gradients. Neither is part of the published training, which does without.
public struct CodebookUpkeep {
  public struct Configuration: Codable, Hashable, Sendable {
    /// The decay of moving averages that the codebook follows instead of gradients; 0.99 is usual.
    public var averageDecay: Double?
    /// A code that is nobody's nearest for so many batches is put where a latent of the batch lies.
    public var revivalBatches: Int?

    public init(averageDecay: Double? = nil, revivalBatches: Int? = nil) {
      self.averageDecay = averageDecay
      self.revivalBatches = revivalBatches
    }

    func validate() throws(GeneratorError) {
      let checks: [(String, Bool, String)] = [
        ("codebook's decay", averageDecay.map { $0 >= 0 && $0 < 1 } ?? true, "must be at least 0 and below 1"),
        ("codebook's revival", revivalBatches ?? 1 >= 1, "must come after at least 1 batch"),
      ]
      for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
    }
  }

  private static let epsilon: Float = 1e-5
  private static let reviveMark: UInt32 = 0x5245_5649

  private let configuration: Configuration
  private let codebook: Parameter
  /// Of each code the latents that were nearest to it, averaged: how many, and their sum.
  private let sizes, sums: RunningStatistic?
  /// Of each code the batches since it was hit.
  private let idle: RunningStatistic?

  /// Starts from the codebook as it is, as if every code had been hit once.
  ///
  /// - builder: of `quantize`; running statistics make training go on from a checkpoint bit for bit
  init(_ configuration: Configuration, _ codebook: Parameter, _ builder: NetworkBuilder) throws {
    try configuration.validate()
    self.configuration = configuration
    self.codebook = codebook
    let (codes, count) = (codebook.shape[0], codebook.shape.count)
    let follows = configuration.averageDecay != nil
    sizes = follows ? try builder.statistic("cluster_size", count: codes, initial: 1) : nil
    sums = follows ? try builder.statistic("embed_avg", count: count, initial: 0) : nil
    idle = configuration.revivalBatches == nil ? nil : try builder.statistic("idle", count: codes, initial: 0)
    if let sums { try codebook.device.blend(codebook.storage, weight: 1, into: sums.storage) }
    if follows { codebook.isTrainable = false }
  }

  /// Takes a batch's latents down, after the codebook has been used for it.
  ///
  /// - latents: [batch, height, width, code width]; indices: of their nearest codes
  func follow(_ latents: Tensor, _ indices: IndexStorage, _ pass: Pass) throws {
    guard pass.isTraining, !pass.isRepeated, sizes != nil || idle != nil else { return }
    let (device, codes, width) = (codebook.device, codebook.shape[0], codebook.shape[1])
    let hits = try Storage(count: codes, on: device)
    let ones = try Tensor.filled(1, shape: [indices.count], on: device)
    try device.accumulateRows(ones.storage, width: 1, indices: indices, into: hits)
    if let decay = configuration.averageDecay, let sizes, let sums {
      let found = try Storage(count: codes * width, on: device)
      try device.accumulateRows(latents.storage, width: width, indices: indices, into: found)
      try device.blend(hits, weight: Float(1 - decay), into: sizes.storage)
      try device.blend(found, weight: Float(1 - decay), into: sums.storage)
      try setAverages(sizes, sums)
    }
    if let limit = configuration.revivalBatches, let idle { try revive(after: limit, idle, hits, latents, pass) }
    codebook.storage.forgetLayouts()
  }

  /// `c_k ← m_k / N̂_k` with Laplace's smoothing `N̂_k = (N_k + ε) / (n + K ε) · n`, n the sum of all N (van den Oord et al. 2017,
  /// arXiv 1711.00937, appendix A.1).
  private func setAverages(_ sizes: RunningStatistic, _ sums: RunningStatistic) throws {
    let (device, codes, width) = (codebook.device, codebook.shape[0], codebook.shape[1])
    let total = try sizes.value.reduced(.sum).values()[0]
    let scale = total / (total + Float(codes) * Self.epsilon)
    let inverse = try sizes.value.affine(scale: scale, shift: scale * Self.epsilon).mapped(.reciprocal)
      .reshaped(to: [codes, 1]).multiplied(by: .filled(1, shape: [1, width], on: device))
    try device.combine(.multiply, sums.storage, inverse.storage, into: codebook.storage)
  }

  /// With Adam's usual decays of 0.5 and 0.9 nothing is left by then of what it remembered of an idle code.
  private func revive(
    after limit: Int, _ idle: RunningStatistic, _ hits: Storage, _ latents: Tensor, _ pass: Pass
  ) throws {
    let device = codebook.device
    var batches = zip(try idle.storage.values(), try hits.values()).map { $1 > 0 ? 0 : $0 + 1 }
    let dead = batches.indices.filter { batches[$0] >= Float(limit) }
    if !dead.isEmpty {
      var key = pass.key
      key.stream ^= Self.reviveMark
      var random = PhiloxStream(key)
      let rows = latents.shape.count / codebook.shape[1]
      for code in dead {
        try place(code, at: Int(random.next() % UInt64(rows)), of: latents)
        batches[code] = 0
      }
    }
    try device.blend(Storage(batches, on: device), weight: 1, into: idle.storage)
  }

  private func place(_ code: Int, at row: Int, of latents: Tensor) throws {
    let (device, width) = (codebook.device, codebook.shape[1])
    let copy = try BlockCopy(rows: 1, columns: width, sourceOffset: row * width, targetOffset: code * width)
    for target in [codebook.storage] + [sums?.storage].compactMap(\.self) {
      try device.copy(copy, from: latents.storage, into: target)
    }
    guard let sizes else { return }
    let one = try BlockCopy(rows: 1, columns: 1, targetOffset: code)
    try device.copy(one, from: Storage([1], on: device), into: sizes.storage)
  }
}
