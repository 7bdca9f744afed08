/// The least area that makes a region a defect: pixels of the picture at its own size, or a part of it.
///
/// Its text, on command lines and in `model.json`, is `30` for pixels and `0.05%` for a part.
public enum DefectArea: Hashable, Sendable, LosslessStringConvertible, Codable {
  case pixels(Int)
  /// Of the whole picture, above 0 and at most 100.
  case percent(Double)

  /// nil for text that is no area.
  public init?(_ text: String) {
    if text.hasSuffix("%") {
      guard let part = Double(text.dropLast()), part > 0, part <= 100 else { return nil }
      self = .percent(part)
    } else {
      guard let count = Int(text), count > 0 else { return nil }
      self = .pixels(count)
    }
  }

  public var description: String {
    switch self {
    case .pixels(let count): "\(count)"
    case .percent(let part): "\(part)%"
    }
  }

  /// Pixels of a picture that are enough: a part is rounded up.
  public func pixels(width: Int, height: Int) -> Int {
    switch self {
    case .pixels(let count): count
    case .percent(let part): max(Int((part / 100 * Double(width * height)).rounded(.up)), 1)
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let area = DefectArea(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "neither pixels nor per cent")
    }
    self = area
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
