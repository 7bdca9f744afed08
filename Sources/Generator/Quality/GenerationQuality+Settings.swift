import Compute

extension GenerationQuality {
  /// How sets of descriptors are compared.
  public struct Settings: Codable, Hashable, Sendable {
    /// What precision, recall and KID compare.
    public enum Space: String, CaseIterable, Codable, Sendable {
      /// Every patch's descriptor: what memory banks hold.
      case patches
      /// One vector a picture, the mean of its patches': needs many pictures.
      case pictures
    }

    public var space = Space.patches
    /// k of precision and recall.
    public var neighbours = 3
    /// The most patches of a set that precision, recall and KID compare, whose time grows with their square; of more, so many are
    /// drawn. Neighbourhoods of fewer rows are wider, so compare figures of one limit.
    public var rowLimit = 8192
    /// Rows of each set in one kernel distance, and how many such distances are averaged where there are more.
    public var subsetSize = 1000
    public var subsets = 100
    /// Of what is drawn.
    public var seed: UInt64 = 0

    private enum CodingKeys: String, CodingKey {
      case space, neighbours, rowLimit = "row_limit", subsetSize = "subset_size", subsets, seed
    }

    public init() {}

    /// - Throws: ``GeneratorError/setting(name:reason:)``.
    public func validate() throws(GeneratorError) {
      let most = NeighbourProblem.largestCount - 1
      let checks: [(String, Bool, String)] = [
        ("number of neighbours", (1...most).contains(neighbours), "must be between 1 and \(most)"),
        ("limit of rows", rowLimit > 1, "must be at least 2"),
        ("size of subsets", subsetSize > 1, "must be at least 2"),
        ("number of subsets", subsets > 0, "must be at least 1"),
      ]
      for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
    }
  }

  public enum Measure: String, MeasureName {
    /// The part of held-out patches whose nearest row in real ∪ generated is a generated one.
    case coverage
    /// Its share of the bank's rows: what coverage would be if generated rows were as good as real ones.
    case generatedShare = "coverage_if_equal"
    /// The same with copies of the shots in the bank: what generation adds to classic augmentation.
    case coverageBeyondCopies = "coverage_beyond_copies"
    /// The mean over held-out patches of `d(real ∪ generated) / d(real)`: 1 where nothing comes nearer.
    case distanceFactor = "distance_factor"
    /// `Var(generated) / Var(real)` over pictures, of each value at its position, averaged.
    case varianceRatio = "variance_ratio"
    /// The median over channels of their ratios.
    case channelVarianceRatio = "variance_ratio_channel_median"
    /// From generated pictures to the nearest real one, over the median distance of real pictures to their nearest other one.
    case nearestRealMinimum = "nearest_real_minimum"
    case nearestRealMedian = "nearest_real_median"
    /// The chance that the selection scores a held-out normal picture above a corrupted one, ties half.
    case separability = "separability_auroc"
    /// Spearman's ρ of selection scores and reference scores.
    case ranking = "ranking_spearman"

    public var title: String {
      switch self {
      case .coverage: "coverage of held-out patches"
      case .generatedShare: "coverage if generated rows were real"
      case .coverageBeyondCopies: "coverage beyond copies"
      case .distanceFactor: "distance factor"
      case .varianceRatio: "variance ratio"
      case .channelVarianceRatio: "variance ratio, median channel"
      case .nearestRealMinimum: "distance to the nearest real picture, least"
      case .nearestRealMedian: "distance to the nearest real picture, median"
      case .separability: "separability (AUROC)"
      case .ranking: "ranking (Spearman)"
      }
    }
  }
}
