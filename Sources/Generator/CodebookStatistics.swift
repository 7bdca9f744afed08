/// How codes spread, channel by channel.
public struct CodebookStatistics: Hashable, Sendable {
  /// [width] each.
  public let means, variances: [Float]

  /// With weights n_k, N their sum: `m_c = 1/N Σ_k n_k c_kc` and `S²_c = 1/N Σ_k n_k (c_kc − m_c)²`.
  ///
  /// - codes: [weights.count, width]
  /// - weights: not negative, not all 0
  public init(codes: [Float], weights: [Double]) {
    let total = weights.reduce(0, +)
    precondition(total > 0 && codes.count % weights.count == 0, "codes are weighted")
    let width = codes.count / weights.count
    var (means, variances) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    for (code, weight) in weights.enumerated() where weight > 0 {
      for channel in 0..<width { means[channel] += weight / total * Double(codes[code * width + channel]) }
    }
    for (code, weight) in weights.enumerated() where weight > 0 {
      for channel in 0..<width {
        let distance = Double(codes[code * width + channel]) - means[channel]
        variances[channel] += weight / total * distance * distance
      }
    }
    self.means = means.map(Float.init)
    self.variances = variances.map(Float.init)
  }
}
