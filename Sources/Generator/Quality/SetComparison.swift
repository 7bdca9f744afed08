import Compute
public import Metrics
import Tensors

/// How one set of descriptors lies to another.
public struct SetComparison: Codable, Hashable, Sendable {
  public enum Measure: String, MeasureName {
    /// The part of these rows in the reference's neighbourhoods: do they look real? (Kynkäänniemi et al. 2019, arXiv 1904.06991)
    case precision
    /// The part of reference rows in these rows' neighbourhoods: is everything real among them?
    case recall
    /// How densely the reference lies around these rows; 1 for rows like it, and may be more (Naeem et al. 2020, arXiv 2002.09797).
    case density = "naeem_density"
    /// The part of reference rows whose neighbourhood holds one of these. Not ``GenerationQuality/Measure/coverage``.
    case coverage = "naeem_coverage"
    /// The squared mean discrepancy under the cubic kernel (Bińkowski et al. 2018, arXiv 1801.01401): 0 for sets of one kind, and
    /// then below 0 as often as above.
    case kernelDistance = "kid"
    /// Of the kernel distances of subsets.
    case kernelDeviation = "kid_standard_deviation"

    public var title: String {
      switch self {
      case .precision: "precision"
      case .recall: "recall"
      case .density: "density of Naeem et al."
      case .coverage: "coverage of Naeem et al."
      case .kernelDistance: "KID"
      case .kernelDeviation: "KID's standard deviation"
      }
    }
  }

  /// Rows compared: all there are, or as many as were drawn of them.
  public let rows: Int
  public let referenceRows: Int
  /// How many kernel distances were averaged, and of how many rows of each set; 1 and all of them where those are few.
  public let subsets: Int
  public let subsetRows: Int
  public let subsetReferenceRows: Int
  public let values: MeasuredValues<Measure>

  public subscript(measure: Measure) -> MetricValue { values[measure] }

  private enum CodingKeys: String, CodingKey {
    case rows, referenceRows = "reference_rows", subsets, subsetRows = "subset_rows"
    case subsetReferenceRows = "subset_reference_rows", values
  }

  /// Where one of the sets is empty.
  init(undefined reason: String) {
    (rows, referenceRows, subsets, subsetRows, subsetReferenceRows) = (0, 0, 0, 0, 0)
    values = MeasuredValues(undefined: reason)
  }

  /// - candidates, reference: [rows, width]
  init(_ candidates: Tensor, to reference: Tensor, _ settings: GenerationQuality.Settings) throws {
    (rows, referenceRows) = (candidates.shape[0], reference.shape[0])
    var values = MeasuredValues<Measure>()
    let fewest = min(rows, referenceRows)
    if fewest > settings.neighbours {
      let overlap = try NeighbourhoodOverlap(
        reference: reference, candidates: candidates, neighbours: settings.neighbours)
      values[.precision] = .defined(overlap.precision)
      values[.recall] = .defined(overlap.recall)
      values[.density] = .defined(overlap.density)
      values[.coverage] = .defined(overlap.coverage)
    } else {
      let reason = "\(settings.neighbours) neighbours need more rows than the \(fewest) of the smaller set"
      for name in [Measure.precision, .recall, .density, .coverage] { values[name] = .undefined(reason: reason) }
    }
    if fewest > 1 {
      let distance = try KernelDistance(
        reference: reference, candidates: candidates, subsetSize: settings.subsetSize, subsets: settings.subsets,
        seed: settings.seed)
      values[.kernelDistance] = .defined(distance.value)
      values[.kernelDeviation] =
        distance.deviation.map { .defined($0) } ?? .undefined(reason: "all rows were compared at once")
      (subsets, subsetRows, subsetReferenceRows) = (distance.subsets, distance.rows, distance.referenceRows)
    } else {
      for name in [Measure.kernelDistance, .kernelDeviation] {
        values[name] = .undefined(reason: "one row has no other row of its kind")
      }
      (subsets, subsetRows, subsetReferenceRows) = (0, 0, 0)
    }
    self.values = values
  }
}
