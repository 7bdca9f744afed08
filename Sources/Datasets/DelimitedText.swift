/// Rows of fields from CSV (RFC 4180): quoted fields, doubled quotes, line breaks in quotes; also separated by semicolons
/// or tabs when the first line has no comma, as some spreadsheets write it.
struct DelimitedText {
  struct Row: Hashable {
    /// From 1: where the row begins.
    let line: Int
    let fields: [String]
  }

  private(set) var rows: [Row] = []

  /// - Throws: ``DatasetError/listed(file:line:reason:)`` for a quote that does not end.
  init(_ text: String, file: String) throws(DatasetError) {
    let header = text.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" }
    let separator: Unicode.Scalar = ([",", ";", "\t"] as [Unicode.Scalar]).first { header.contains($0) } ?? ","
    var reader = Reader(separator: separator)
    // Scalars: in Characters, a carriage return and a line feed are one.
    for scalar in text.unicodeScalars { reader.take(scalar) }
    guard !reader.isQuoted || reader.quoteIsOpen else {
      throw .listed(file: file, line: reader.rowLine, reason: "a quoted field does not end")
    }
    reader.endRow()
    rows = reader.rows
  }

  private struct Reader {
    let separator: Unicode.Scalar
    var rows: [Row] = []
    var fields: [String] = []
    var field = String.UnicodeScalarView()
    var line = 1
    var rowLine = 1
    var isQuoted = false
    /// A quote inside a quoted field: its end, unless another one follows.
    var quoteIsOpen = false

    mutating func take(_ scalar: Unicode.Scalar) {
      if quoteIsOpen {
        quoteIsOpen = false
        if scalar == "\"" { return field.append("\"") }
        isQuoted = false
      }
      if scalar == "\n" { line += 1 }
      if isQuoted {
        if scalar == "\"" { quoteIsOpen = true } else { field.append(scalar) }
      } else if scalar == "\"" && field.isEmpty {
        isQuoted = true
      } else if scalar == separator {
        endField()
      } else if scalar == "\n" {
        endRow()
      } else if scalar != "\r" {
        field.append(scalar)
      }
    }

    mutating func endField() {
      let text = String(field)
      fields.append(String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
      field = .init()
    }

    /// Empty lines are no rows.
    mutating func endRow() {
      endField()
      if fields != [""] { rows.append(Row(line: rowLine, fields: fields)) }
      fields = []
      rowLine = line
    }
  }
}
