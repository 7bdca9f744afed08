/// The numbers and words of a case, in the order in which they are written: `n=1 height=7 activation=relu`.
public struct Parameters: Hashable, Sendable, CustomStringConvertible {
  public struct Item: Hashable, Sendable {
    public let name: String
    public var value: String
  }

  public private(set) var items: [Item] = []

  public init() {}

  /// - Throws: ``CaseError/malformed(_:)`` unless every word is `name=value`.
  public init(parsing text: some StringProtocol) throws(CaseError) {
    for word in String(text).split(separator: " " as Character) {
      let parts = word.split(separator: "=" as Character, maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw .malformed("'\(word)' is not name=value") }
      self[parts[0]] = parts[1]
    }
  }

  public subscript(name: String) -> String? {
    get { items.first { $0.name == name }?.value }
    set {
      items.removeAll { $0.name == name && newValue == nil }
      guard let newValue else { return }
      if let index = items.firstIndex(where: { $0.name == name }) {
        items[index].value = newValue
      } else {
        items.append(Item(name: name, value: newValue))
      }
    }
  }

  /// A whole number; without a default it must be there.
  public func int(_ name: String, _ fallback: Int? = nil) throws(CaseError) -> Int {
    guard let text = self[name] else {
      guard let fallback else { throw .malformed("\(name) is missing") }
      return fallback
    }
    guard let value = Int(text) else { throw .malformed("\(name)=\(text) is not a whole number") }
    return value
  }

  public func flag(_ name: String) throws(CaseError) -> Bool { try int(name, 0) != 0 }

  /// A case of an enumeration by its name in the source.
  public func choice<T: CaseIterable>(_ name: String, _ fallback: T? = nil) throws(CaseError) -> T {
    guard let text = self[name] else {
      guard let fallback else { throw .malformed("\(name) is missing") }
      return fallback
    }
    guard let value = T.allCases.first(where: { "\($0)" == text }) else {
      throw .malformed("\(name)=\(text) is none of \(T.allCases.map { "\($0)" }.joined(separator: ", "))")
    }
    return value
  }

  /// A copy with numbers set, in the order given.
  public func with(_ numbers: KeyValuePairs<String, Int>) -> Parameters {
    var copy = self
    for (name, value) in numbers { copy[name] = "\(value)" }
    return copy
  }

  public func with(_ name: String, _ word: String) -> Parameters {
    var copy = self
    copy[name] = word
    return copy
  }

  public var description: String { items.map { "\($0.name)=\($0.value)" }.joined(separator: " ") }
}

extension Parameters: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, Int)...) {
    for (name, value) in elements { self[name] = "\(value)" }
  }
}

/// A case that cannot be made.
public enum CaseError: Error, Hashable, Sendable, CustomStringConvertible {
  case malformed(String)
  case unknownOperation(String)

  public var description: String {
    switch self {
    case .malformed(let reason): "The case cannot be read: \(reason)."
    case .unknownOperation(let name): "There is no operation '\(name)'; 'parity list' shows them."
    }
  }
}
