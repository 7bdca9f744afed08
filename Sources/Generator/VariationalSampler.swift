public import Compute
import Networks
public import Tensors

/// Draws variants of pictures around their latents: `z = μ + τ · S ⊙ ε`, ε normal, then decoded.
///
/// Equal keys give equal draws on every device; draws of one key differ in nothing but τ when the temperature changes.
public struct VariationalSampler {
  public let network: VQGAN
  public let configuration: SamplingConfiguration
  public var temperature: Double
  /// Of each code, how many positions of the originals it is the nearest to.
  public let hits: [Int]
  /// Of the codes that count in mode `codebook`.
  public let statistics: CodebookStatistics
  /// [code width]: the noise's scale in mode `codebook`.
  private let spread: Tensor
  private let bank: NeighbourBank?

  /// - originals: batches of pictures [batch, height, width, 3], RGB in −1…1, whose codes count
  /// - Throws: ``GeneratorError/setting(name:reason:)``, `DeviceError`.
  public init(_ network: VQGAN, _ configuration: SamplingConfiguration, originals: some Sequence<Tensor>) throws {
    try configuration.validate(for: network.configuration)
    self.network = network
    self.configuration = configuration
    temperature = configuration.temperature
    let book = network.quantizer.codebook
    var hits = [Int](repeating: 0, count: book.shape[0])
    for pictures in originals {
      for index in try network.quantizer(network.latents(of: pictures), .inference).indices.values() {
        hits[Int(index)] += 1
      }
    }
    guard hits.contains(where: { $0 > 0 }) else {
      throw GeneratorError.setting(name: "originals", reason: "must be at least one picture")
    }
    self.hits = hits
    statistics = CodebookStatistics(
      codes: try book.storage.values(), weights: hits.map { Self.weight(hits: $0, configuration) })
    let scales = statistics.variances.map { configuration.noiseScale == .variance ? $0 : $0.squareRoot() }
    spread = try Tensor(scales, shape: [book.shape[1]], on: book.device)
    bank =
      configuration.mode == .localCode
      ? try book.device.makeNeighbourBank(book.storage, rows: book.shape[0], width: book.shape[1]) : nil
  }

  private static func weight(hits: Int, _ configuration: SamplingConfiguration) -> Double {
    guard configuration.usedOnly else { return 1 }
    return configuration.weightedByHits ? Double(hits) : hits > 0 ? 1 : 0
  }

  /// Where pictures lie, and how far their variants are drawn from there.
  public struct Latents {
    /// [batch, height / factor, width / factor, code width]
    public let means: Tensor
    /// S, or S² where that scales the noise: as the means, or [code width].
    public let spread: Tensor
  }

  /// - x: [batch, height, width, 3], RGB in −1…1
  public func latents(of x: Tensor) throws -> Latents {
    var (means, logVariances) = try network.distribution(of: x)
    if configuration.averagesCopies {
      means = try averaged(means)
      logVariances = try logVariances.map(averaged)
    }
    if configuration.meanFrom == .quantised { means = try network.quantizer(means, .inference).values }
    return Latents(means: means, spread: try spread(around: means, logVariances))
  }

  /// What is decoded for one variant of each picture: `μ + τ · S ⊙ ε`, or its nearest codes; as the means.
  public func drawn(_ latents: Latents, _ key: RandomKey) throws -> Tensor {
    let proposed = try proposed(latents, key)
    return configuration.requantises ? try network.quantizer(proposed, .inference).values : proposed
  }

  /// `μ + τ · S ⊙ ε`, before codes replace it; as the means.
  public func proposed(_ latents: Latents, _ key: RandomKey) throws -> Tensor {
    let noise = try noise(latents.means.shape, key).combined(.multiply, with: latents.spread)
    return try latents.means.combined(.add, with: noise.affine(scale: Float(temperature), shift: 0))
  }

  /// One variant of each picture: [batch, height, width, 3], 0…1.
  public func pictures(_ latents: Latents, _ key: RandomKey) throws -> Tensor {
    try network.decoded(drawn(latents, key)).affine(scale: 0.5, shift: 0.5).clamped(lower: 0, upper: 1)
  }

  private func spread(around means: Tensor, _ logVariances: Tensor?) throws -> Tensor {
    switch configuration.mode {
    case .codebook: return spread
    case .localCode: return try localSpread(around: means)
    case .gaussianHead:
      guard let logVariances else { preconditionFailure("the mode was validated for the network") }
      let power: Float = configuration.noiseScale == .variance ? 1 : 0.5
      return try logVariances.clamped(lower: -30, upper: 20).affine(scale: power, shift: 0).mapped(.exponential)
    }
  }

  /// The deviation, or variance, of each latent's nearest codes, channel by channel: of the means' shape.
  private func localSpread(around means: Tensor) throws -> Tensor {
    guard let bank else { preconditionFailure("the mode's codes are searched") }
    let (width, count) = (bank.width, configuration.neighbours)
    let rows = means.shape.count / width
    let problem = try NeighbourProblem(queries: rows, rows: bank.rows, width: width, count: count)
    let distances = try Storage(count: rows * count, on: means.device)
    let indices = try IndexStorage(count: rows * count, on: means.device)
    try means.device.nearest(
      problem, queries: means.storage, bank: bank, distances: distances, indices: indices)
    let codes = try network.quantizer.codebook.value.gatheredRows(indices).reshaped(to: [rows, count, width])
    let centres = try codes.reduced(.mean, axis: 1)
    let copies = try IndexStorage((0..<rows * count).map { Int32($0 / count) }, on: means.device)
    let variances = try codes.reshaped(to: [rows * count, width])
      .combined(.subtract, with: centres.gatheredRows(copies)).mapped(.square)
      .reshaped(to: [rows, count, width]).reduced(.mean, axis: 1).reshaped(to: means.shape)
    return configuration.noiseScale == .variance ? variances : try variances.mapped(.squareRoot)
  }

  private func noise(_ shape: Shape, _ key: RandomKey) throws -> Tensor {
    let (device, width) = (network.lastWeight.device, shape[3])
    switch configuration.noise {
    case .position:
      let drawn = try Storage(count: shape.count, on: device)
      try device.fillRandom(.normal, key, into: drawn)
      return try Tensor(drawn, shape: shape)
    case .picture:
      let drawn = try Storage(count: shape[0] * width, on: device)
      try device.fillRandom(.normal, key, into: drawn)
      return try spreadOut(Tensor(drawn, shape: [shape[0], width]), by: shape[1] * shape[2]).reshaped(to: shape)
    }
  }

  /// Each row so many times.
  private func spreadOut(_ rows: Tensor, by count: Int) throws -> Tensor {
    try rows.gatheredRows(IndexStorage((0..<rows.shape[0] * count).map { Int32($0 / count) }, on: rows.device))
  }

  /// Every picture's values replaced by the batch's mean at each position.
  private func averaged(_ x: Tensor) throws -> Tensor {
    let mean = try x.reduced(.mean, axis: 0)
    return try spreadOut(mean.reshaped(to: [1, mean.shape.count]), by: x.shape[0]).reshaped(to: x.shape)
  }
}
