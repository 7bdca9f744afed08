/// What a detector says of one picture.
public struct Inspection: Sendable {
  /// Higher is more anomalous; compared with the threshold. For PatchCore the largest patch distance.
  public let score: Float
  /// The same, re-weighted by the neighbourhood of the nearest normal patch.
  public let reweightedScore: Float
  /// Anomaly at each network pixel, smoothed.
  public let map: AnomalyMap

  public init(score: Float, reweightedScore: Float, map: AnomalyMap) {
    self.score = score
    self.reweightedScore = reweightedScore
    self.map = map
  }
}

/// A map of anomaly scores, row-major.
public struct AnomalyMap: Sendable {
  public let width: Int
  public let height: Int
  public let values: [Float]

  public init(width: Int, height: Int, values: [Float]) {
    self.width = width
    self.height = height
    self.values = values
  }

  public var largest: Float { values.max() ?? 0 }
}
