import Foundation

/// The lines of a manifest: CSV with a header, or a JSON object a line; told apart by the first character.
struct ManifestRows {
  struct Row {
    let line: Int
    /// By the column's name in ``columns``; what else is there is left out.
    let fields: [String: String]
  }

  let rows: [Row]

  /// Names that lists in use give to what is needed.
  private static let columns: [String: Set<String>] = [
    "path": ["path", "image", "image_path", "filename"], "split": ["split"], "label": ["label", "defect"],
    "mask": ["mask", "mask_path"], "category": ["category", "object"],
  ]

  init(path: String) throws(DatasetError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "there is no such file, or it may not be opened")
    }
    guard var text = String(bytes: data, encoding: .utf8) else {
      throw .unreadable(path: path, reason: "it is not UTF-8 text")
    }
    if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
    let isJSON = text.first { !$0.isWhitespace } == "{"
    rows = try isJSON ? Self.jsonRows(text, path) : Self.csvRows(text, path)
  }

  private static func column(_ name: String) -> String? {
    columns.first { $0.value.contains(name.lowercased()) }?.key
  }

  private static func csvRows(_ text: String, _ file: String) throws(DatasetError) -> [Row] {
    let rows = try DelimitedText(text, file: file).rows
    guard let header = rows.first else { return [] }
    let names = header.fields.map(column)
    guard names.contains("path") else {
      throw .listed(file: file, line: header.line, reason: "there is no column 'path' among \(header.fields)")
    }
    let known = names.compactMap { $0 }
    guard Set(known).count == known.count else {
      throw .listed(file: file, line: header.line, reason: "two columns mean the same: \(header.fields)")
    }
    var result: [Row] = []
    for row in rows.dropFirst() {
      guard row.fields.count <= names.count else {
        throw .listed(
          file: file, line: row.line, reason: "there are \(row.fields.count) fields for \(names.count) columns")
      }
      let pairs = zip(names, row.fields).compactMap { name, field in name.map { ($0, field) } }
      result.append(Row(line: row.line, fields: Dictionary(uniqueKeysWithValues: pairs)))
    }
    return result
  }

  /// An object a line; a mask may be a list.
  private static func jsonRows(_ text: String, _ file: String) throws(DatasetError) -> [Row] {
    var result: [Row] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.allSatisfy(\.isWhitespace) { continue }
      guard let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] else {
        throw .listed(file: file, line: index + 1, reason: "it is no JSON object")
      }
      var fields: [String: String] = [:]
      for (name, value) in object {
        guard let column = column(name), !(value is NSNull) else { continue }
        let list = value as? [Any] ?? [value]
        fields[column] = list.map { "\($0)" }.joined(separator: "|")
      }
      result.append(Row(line: index + 1, fields: fields))
    }
    return result
  }
}
