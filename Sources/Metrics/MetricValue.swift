/// A metric, or why there is none: never NaN.
public enum MetricValue: Hashable, Sendable {
  case defined(Double)
  case undefined(reason: String)

  public var value: Double? { if case .defined(let value) = self { value } else { nil } }
  public var reason: String? { if case .undefined(let reason) = self { reason } else { nil } }

  /// The unweighted mean of the defined ones; undefined when there is none.
  public static func mean(_ values: [MetricValue]) -> MetricValue {
    let defined = values.compactMap(\.value)
    guard !defined.isEmpty else { return .undefined(reason: values.first?.reason ?? "there is no category") }
    return .defined(defined.reduce(0, +) / Double(defined.count))
  }
}

/// Scores that no metric can be computed from.
public enum MetricError: Error, Hashable, Sendable, CustomStringConvertible {
  case notFinite(picture: String)
  case size(picture: String, map: Int, mask: Int)
  case width(picture: String, width: Int, count: Int)
  case channel(picture: String, pixel: Int)
  case saturation(picture: String)

  public var description: String {
    switch self {
    case .notFinite(let picture): "The scores of \(picture) contain NaN or infinity."
    case .size(let picture, let map, let mask): "The map of \(picture) has \(map) pixels, but its mask \(mask)."
    case .width(let picture, let width, let count):
      "The \(count) pixels of \(picture) cannot be rows of \(width) pixels."
    case .channel(let picture, let pixel):
      "Pixel \(pixel) of \(picture) belongs to a defect, but is normal in the picture's mask."
    case .saturation(let picture): "A defect of \(picture) has a saturation threshold that is not above 0."
    }
  }
}
