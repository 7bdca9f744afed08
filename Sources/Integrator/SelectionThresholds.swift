import Prompts

/// What a candidate has to reach, from the vectors of real pictures: of the shots, or of copies of the only one.
public struct SelectionThresholds: Codable, Hashable, Sendable {
  /// τ_text = min_k cos(f_I(x_k), f_T(P*)) − δ (Eq. 14 of our reading of arXiv 2403.06247).
  public let text: Double
  /// τ_img = Q(cos(f_I(x_k), mean of the others)) − δ (Eq. 15).
  public let picture: Double
  /// The direction of the mean of all, which candidates are compared with.
  public let centre: [Float]

  /// - references: f_I(x_k), of length one; at least two
  /// - target: f_T(P*), of length one
  /// - Throws: ``IntegratorError``.
  public init(
    references: [[Float]], target: [Float], _ settings: CandidateSelection.Settings
  ) throws(IntegratorError) {
    guard references.count >= 2 else {
      throw .setting(name: "references", reason: "must be at least two pictures: shots, or copies of the only one")
    }
    guard references.allSatisfy({ $0.count == target.count && $0.allSatisfy(\.isFinite) }),
      target.allSatisfy(\.isFinite)
    else { throw .notFinite(what: "A vector of the real pictures or of the prompt") }
    let least = references.map { Cosine.of($0, target) }.min() ?? 0
    text = least - settings.textMargin
    let likeness = Self.likenessToOthers(references)
    picture = Self.quantile(settings.guardQuantile, of: likeness) - settings.pictureMargin
    centre = Cosine.meanDirection(of: references)
  }

  /// Of each vector the cosine with the sum of all the others; 0 where these cancel out.
  private static func likenessToOthers(_ vectors: [[Float]]) -> [Double] {
    let sum = (vectors.first ?? []).indices.map { component in vectors.reduce(0.0) { $0 + Double($1[component]) } }
    return vectors.map { vector in
      let others = zip(sum, vector).map { $0 - Double($1) }
      let length = others.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return length > 1e-6 ? zip(others, vector).reduce(0) { $0 + $1.0 * Double($1.1) } / length : 0
    }
  }

  /// Linear between the two nearest of the sorted values, as NumPy's default.
  ///
  /// - part: 0 … 1; values: at least one
  static func quantile(_ part: Double, of values: [Double]) -> Double {
    let sorted = values.sorted()
    let place = part * Double(sorted.count - 1)
    let first = Int(place)
    let second = min(first + 1, sorted.count - 1)
    return sorted[first] + (place - Double(first)) * (sorted[second] - sorted[first])
  }
}
