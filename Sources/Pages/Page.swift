public import Foundation

/// A self-contained HTML page: nothing is loaded from a network, and nothing needs scripts.
public struct Page: Sendable {
  public let title: String
  /// Beside the style sheet of every page.
  public let style: String
  /// What lies in `body`, as HTML.
  public let body: String

  public init(title: String, style: String = "", body: String) {
    self.title = title
    self.style = style
    self.body = body
  }

  public func html() -> String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <link rel="icon" href="data:,">
    <title>\(escaped(title))</title>
    <style>
    \(pageStyle)\(style.isEmpty ? "" : "\n" + style)
    </style>
    </head>
    <body>
    \(body)
    </body>
    </html>

    """
  }

  /// Names with values, as a list.
  ///
  /// - kind: `facts` for a line of small ones, `cards` for figures
  public static func list(_ entries: [(name: String, value: String)], kind: String) -> String {
    let items = entries.map { "<div><dt>\(escaped($0.name))</dt><dd>\(escaped($0.value))</dd></div>" }
    return "<dl class=\"\(kind)\">\(items.joined())</dl>"
  }
}

/// Escapes text for HTML.
public func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}

/// A picture as a data URI, recognised by its first bytes.
public func dataURI(_ data: Data) -> String {
  let kind = data.starts(with: [0xFF, 0xD8]) ? "jpeg" : "png"
  return "data:image/\(kind);base64,\(data.base64EncodedString())"
}

/// Four significant digits.
public func formatted(_ value: Float) -> String { String(format: "%.4g", Double(value)) }
