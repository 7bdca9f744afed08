public import Metrics

/// Names of measures that belong together: raw values are their names in JSON, which stay.
public protocol MeasureName: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
  /// For tables.
  var title: String { get }
}

/// A value, or why there is none, for each name. In JSON a measure without a value is null, with the reason under `<name>_reason`.
public struct MeasuredValues<Name: MeasureName>: Codable, Hashable, Sendable {
  private var values: [Name: MetricValue] = [:]

  init() {}

  /// Undefined, for one reason, all of them.
  init(undefined reason: String) {
    for name in Name.allCases { values[name] = .undefined(reason: reason) }
  }

  public internal(set) subscript(name: Name) -> MetricValue {
    get { values[name] ?? .undefined(reason: "it was not measured") }
    set { values[name] = newValue }
  }

  /// All of them, in order.
  public var entries: [(name: Name, value: MetricValue)] { Name.allCases.map { ($0, self[$0]) } }

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private static func keys(_ name: Name) -> (value: Key, reason: Key) {
    (Key(stringValue: name.rawValue), Key(stringValue: name.rawValue + "_reason"))
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for name in Name.allCases {
      let keys = Self.keys(name)
      if let value = try container.decodeIfPresent(Double.self, forKey: keys.value) {
        values[name] = .defined(value)
      } else if let reason = try container.decodeIfPresent(String.self, forKey: keys.reason) {
        values[name] = .undefined(reason: reason)
      }
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for name in Name.allCases {
      let keys = Self.keys(name)
      switch self[name] {
      case .defined(let value): try container.encode(value, forKey: keys.value)
      case .undefined(let reason):
        try container.encodeNil(forKey: keys.value)
        try container.encode(reason, forKey: keys.reason)
      }
    }
  }
}
