/// HTML's character references, as Python's `html.unescape` reads them: every number, and the names of HTML 4.
enum HTMLReferences {
  /// U+00A0 to U+00FF. These, and four more, also stand without a semicolon.
  private static let latin = """
    nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro \
    para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil \
    Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
    Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml \
    igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute \
    thorn yuml
    """

  private static let bare: [String: Unicode.Scalar] = {
    var names: [String: Unicode.Scalar] = [
      "amp": "&", "AMP": "&", "lt": "<", "LT": "<", "gt": ">", "GT": ">", "quot": "\"", "QUOT": "\"", "COPY": "©",
      "REG": "®",
    ]
    for (index, name) in latin.split(separator: " ").enumerated() {
      names[String(name)] = Unicode.Scalar(UInt8(0xA0 + index))
    }
    return names
  }()

  private static let others: [String: Unicode.Scalar] = [
    "apos": "'", "OElig": "Œ", "oelig": "œ", "Scaron": "Š", "scaron": "š", "Yuml": "Ÿ", "fnof": "ƒ", "circ": "ˆ",
    "tilde": "˜", "Alpha": "Α", "Beta": "Β", "Gamma": "Γ", "Delta": "Δ", "Epsilon": "Ε", "Zeta": "Ζ", "Eta": "Η",
    "Theta": "Θ", "Iota": "Ι", "Kappa": "Κ", "Lambda": "Λ", "Mu": "Μ", "Nu": "Ν", "Xi": "Ξ", "Omicron": "Ο", "Pi": "Π",
    "Rho": "Ρ", "Sigma": "Σ", "Tau": "Τ", "Upsilon": "Υ", "Phi": "Φ", "Chi": "Χ", "Psi": "Ψ", "Omega": "Ω",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ",
    "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ",
    "sigmaf": "ς", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "ensp": "\u{2002}", "emsp": "\u{2003}", "thinsp": "\u{2009}", "zwnj": "\u{200C}", "zwj": "\u{200D}",
    "lrm": "\u{200E}", "rlm": "\u{200F}", "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "sbquo": "‚",
    "ldquo": "“", "rdquo": "”", "bdquo": "„", "dagger": "†", "Dagger": "‡", "bull": "•", "hellip": "…", "permil": "‰",
    "prime": "′", "Prime": "″", "lsaquo": "‹", "rsaquo": "›", "oline": "‾", "frasl": "⁄", "euro": "€", "trade": "™",
    "larr": "←", "uarr": "↑", "rarr": "→", "darr": "↓", "harr": "↔", "part": "∂", "prod": "∏", "sum": "∑",
    "minus": "−", "radic": "√", "infin": "∞", "cap": "∩", "cup": "∪", "int": "∫", "sim": "∼", "asymp": "≈", "ne": "≠",
    "equiv": "≡", "le": "≤", "ge": "≥", "sub": "⊂", "sup": "⊃", "sdot": "⋅", "loz": "◊", "spades": "♠", "clubs": "♣",
    "hearts": "♥", "diams": "♦",
  ]

  /// Windows-1252's characters of the codes 0x80 to 0x9F, which browsers take C1 controls for.
  private static let windows: [Unicode.Scalar] = Array(
    "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ".unicodeScalars)

  static func fromWindows(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    (0x80...0x9F).contains(scalar.value) ? windows[Int(scalar.value) - 0x80] : scalar
  }

  /// - needsSemicolon: whether "&amp" and "&ampx" stay as they are
  static func unescaped(_ text: [Unicode.Scalar], needsSemicolon: Bool) -> [Unicode.Scalar] {
    guard text.contains("&") else { return text }
    var result: [Unicode.Scalar] = []
    var place = 0
    while place < text.count {
      if text[place] == "&", let (scalars, length) = reference(text[(place + 1)...], needsSemicolon) {
        result += scalars
        place += 1 + length
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }

  /// What stands after an ampersand, and how long it is.
  private static func reference(
    _ rest: ArraySlice<Unicode.Scalar>, _ needsSemicolon: Bool
  ) -> ([Unicode.Scalar], Int)? {
    if rest.first == "#" { return number(rest.dropFirst(), needsSemicolon).map { ($0.0, $0.1 + 1) } }
    let name = rest.prefix(32).prefix { $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0)) }
    let text = String(String.UnicodeScalarView(name))
    if rest.dropFirst(name.count).first == ";", let scalar = bare[text] ?? others[text] {
      return ([scalar], name.count + 1)
    }
    guard !needsSemicolon else { return nil }
    // The longest name at the beginning.
    for length in stride(from: name.count, to: 1, by: -1) {
      if let scalar = bare[String(text.prefix(length))] { return ([scalar], length) }
    }
    return nil
  }

  private static func number(
    _ rest: ArraySlice<Unicode.Scalar>, _ needsSemicolon: Bool
  ) -> ([Unicode.Scalar], Int)? {
    let isHexadecimal = rest.first == "x" || rest.first == "X"
    let start = isHexadecimal ? 1 : 0
    let digits = rest.dropFirst(start).prefix {
      ("0"..."9").contains($0) || (isHexadecimal && (("a"..."f").contains($0) || ("A"..."F").contains($0)))
    }
    let hasSemicolon = rest.dropFirst(start + digits.count).first == ";"
    guard !digits.isEmpty, hasSemicolon || !needsSemicolon else { return nil }
    let length = start + digits.count + (hasSemicolon ? 1 : 0)
    let code = UInt32(String(String.UnicodeScalarView(digits)), radix: isHexadecimal ? 16 : 10) ?? .max
    guard code > 0, let scalar = Unicode.Scalar(code) else { return (["\u{FFFD}"], length) }
    let isNothing =
      (code < 0x20 && ![0x9, 0xA, 0xC, 0xD].contains(code)) || code == 0x7F || (0xFDD0...0xFDEF).contains(code)
      || code & 0xFFFE == 0xFFFE
    return (isNothing ? [] : [fromWindows(scalar)], length)
  }
}
