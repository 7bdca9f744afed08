import Foundation

/// MVTec LOCO AD's `defects_config.json`: the kinds of defects, the grey value of each in the masks, and how much of it
/// has to be found (Bergmann et al. 2022, section 4.2).
public struct DefectTable: Hashable, Sendable {
  public static let file = "defects_config.json"

  /// One kind of defect.
  public struct Entry: Codable, Hashable, Sendable {
    public let name: String
    /// 1 to 255: the value of all its pixels in a mask.
    public let pixelValue: Int
    /// Pixels, or a part of the defect's own when ``isRelative``: finding so much of it counts as finding all.
    public let saturation: Double
    public let isRelative: Bool

    public init(name: String, pixelValue: Int, saturation: Double, isRelative: Bool) {
      self.name = name
      self.pixelValue = pixelValue
      self.saturation = saturation
      self.isRelative = isRelative
    }

    enum CodingKeys: String, CodingKey {
      case name = "defect_name"
      case pixelValue = "pixel_value"
      case saturation = "saturation_threshold"
      case isRelative = "relative_saturation"
    }
  }

  public let entries: [Entry]

  public init(_ entries: [Entry]) { self.entries = entries }

  /// - Throws: ``DatasetError/defectTable(path:reason:)``.
  public init(path: String) throws(DatasetError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .defectTable(path: path, reason: "the file cannot be opened")
    }
    do { entries = try JSONDecoder().decode([Entry].self, from: data) } catch {
      throw .defectTable(
        path: path,
        reason: "it is no JSON list of defect_name, pixel_value, saturation_threshold, relative_saturation")
    }
    if let reason = Self.reasonAgainst(entries) { throw .defectTable(path: path, reason: reason) }
  }

  private static func reasonAgainst(_ entries: [Entry]) -> String? {
    var names: [Int: String] = [:]
    for entry in entries {
      guard (1...255).contains(entry.pixelValue) else {
        return "\(entry.name) has the pixel_value \(entry.pixelValue), which is not from 1 to 255"
      }
      guard entry.saturation > 0, entry.saturation <= (entry.isRelative ? 1 : .greatestFiniteMagnitude) else {
        return "\(entry.name) has the saturation_threshold \(entry.saturation)"
      }
      if let other = names.updateValue(entry.name, forKey: entry.pixelValue) {
        return "\(other) and \(entry.name) have the same pixel_value \(entry.pixelValue)"
      }
    }
    return entries.isEmpty ? "it lists no defect" : nil
  }
}
