/// Sizes of the kernels' tiles in place of the built-in ones, by the name that the kernels have for them.
public struct TilingChoice: Hashable, Sendable, CustomStringConvertible {
  /// What may be chosen, and the values that a kernel can be built for.
  public enum Parameter: String, CaseIterable, Sendable {
    case vectorWidth = "VW"
    case tile = "TILE"
    case block = "BLOCK"
    case registerRows = "ROWS"
    case attentionKeys = "KEYS"
    case queryTile = "QUERY_TILE"
    case queryTiles = "QUERY_TILES"
    case depthStep = "STEP_DEPTH"
    case depthUnroll = "STEP_UNROLL"

    func isLegal(_ value: Int) -> Bool {
      switch self {
      case .vectorWidth: [4, 8, 16].contains(value)
      case .tile, .registerRows, .queryTile: 1...16 ~= value
      case .block, .queryTiles: 1...64 ~= value
      // Whole panels of the widest vectors.
      case .attentionKeys: 32...1024 ~= value && value % 32 == 0
      case .depthStep: [4, 8, 16, 32, 64].contains(value)
      case .depthUnroll: [1, 2, 4, 8, 16].contains(value)
      }
    }
  }

  public private(set) var values: [Parameter: Int] = [:]

  public init() {}

  /// - text: `TILE=6 BLOCK=8`; nil where it is something else, or a value no kernel can be built for
  public init?(_ text: String) {
    for word in text.split(separator: " ") {
      let parts = word.split(separator: "=").map(String.init)
      guard parts.count == 2, let parameter = Parameter(rawValue: parts[0]), let value = Int(parts[1]),
        parameter.isLegal(value)
      else { return nil }
      values[parameter] = value
    }
  }

  public subscript(parameter: Parameter) -> Int? { values[parameter] }

  /// Bytes that a work-group of the GPU shape's tiles takes of local memory under this choice; 0 where it does not say.
  package var localMemory: Int { (values[.depthStep] ?? 0) * 2 * 64 * MemoryLayout<Float>.stride }

  public var isEmpty: Bool { values.isEmpty }

  /// This choice, and another one's where that has a value.
  public func merging(_ other: TilingChoice) -> TilingChoice {
    var merged = self
    merged.values.merge(other.values) { $1 }
    return merged
  }

  public var description: String {
    Parameter.allCases.compactMap { parameter in values[parameter].map { "\(parameter.rawValue)=\($0)" } }
      .joined(separator: " ")
  }
}
