import Foundation

/// What CLIP's tokenizer does to a text first: ftfy's repairs of single characters, HTML's references read twice, white space
/// made single blanks, lower case.
///
/// ftfy 6 also guesses at texts that were decoded by a wrong table ("â€™" for "’"); that is not done here.
enum TextCleaning {
  static func cleaned(_ text: String) -> [Unicode.Scalar] {
    var scalars = Array(text.unicodeScalars)
    // What is left to do for printable ASCII without references.
    if !scalars.allSatisfy({ (0x20..<0x7F).contains($0.value) && $0 != "&" }) {
      scalars = repaired(scalars)
      for _ in 0..<2 { scalars = HTMLReferences.unescaped(scalars, needsSemicolon: false) }
    }
    let words = scalars.split { isBlank($0) }
    return lowercased(Array(words.joined(separator: [" "])))
  }

  /// Python's `str.isspace`: what Unicode calls white space, and four separators.
  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
  }

  /// `ftfy.fix_text`, line by line, until nothing changes any more.
  private static func repaired(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var readsReferences = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      // A tag shows that references are meant.
      if line.contains("<") { readsReferences = false }
      var (line, before) = (Array(line), [Unicode.Scalar]())
      repeat {
        before = line
        if readsReferences { line = HTMLReferences.unescaped(line, needsSemicolon: true) }
        line = withoutControls(withoutEscapes(line.flatMap(replacement)))
        line = Array(String(String.UnicodeScalarView(line)).precomposedStringWithCanonicalMapping.unicodeScalars)
      } while line != before
      result += line + ["\n"]
    }
    return result
  }

  private static let ligatures: [Unicode.Scalar: String] = [
    "Ĳ": "IJ", "ĳ": "ij", "ŉ": "'n", "Ǳ": "DZ", "ǲ": "Dz", "ǳ": "dz", "Ǆ": "DŽ", "ǅ": "Dž", "ǆ": "dž", "Ǉ": "LJ",
    "ǈ": "Lj", "ǉ": "lj", "Ǌ": "NJ", "ǋ": "Nj", "ǌ": "nj", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
    "ﬅ": "ſt", "ﬆ": "st",
  ]

  /// C1 controls as Windows-1252's characters, ligatures, characters of other widths, curled quotes, ends of lines.
  private static func replacement(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    if scalar.isASCII { return scalar == "\r" ? ["\n"] : [scalar] }
    let scalar = HTMLReferences.fromWindows(scalar)
    if let letters = ligatures[scalar] { return Array(letters.unicodeScalars) }
    switch scalar.value {
    case 0x2BC, 0x2018...0x201B: return ["'"]
    case 0x201C...0x201F: return ["\""]
    case 0x2028, 0x2029: return ["\n"]
    case 0x3000: return [" "]
    case 0xFF01..<0xFFF0:
      return Array(String(scalar).precomposedStringWithCompatibilityMapping.unicodeScalars)
    default: return [scalar]
    }
  }

  /// Without terminals' colours: ESC [ digits and semicolons, and a letter.
  private static func withoutEscapes(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    guard text.contains("\u{1B}") else { return text }
    var result: [Unicode.Scalar] = []
    var place = 0
    while place < text.count {
      if text[place] == "\u{1B}", place + 1 < text.count, text[place + 1] == "[" {
        let end = text[(place + 2)...].firstIndex { $0 != ";" && !("0"..."9").contains($0) }
        if let end, text[end].isASCII, text[end].properties.isAlphabetic {
          place = end + 1
          continue
        }
      }
      result.append(text[place])
      place += 1
    }
    return result
  }

  private static func withoutControls(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    text.filter { scalar in
      switch scalar.value {
      case 0..<0x09, 0x0B, 0x0E..<0x20, 0x7F, 0x206A..<0x2070, 0xFEFF, 0xFFF9..<0xFFFD: false
      default: true
      }
    }
  }

  /// Python's `str.lower`: by Unicode's full mapping, with the final sigma.
  private static func lowercased(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    text.indices.flatMap { index -> [Unicode.Scalar] in
      let scalar = text[index]
      if scalar.isASCII { return [("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar] }
      guard scalar == "Σ" else { return Array(scalar.properties.lowercaseMapping.unicodeScalars) }
      let before = text[..<index].last { !$0.properties.isCaseIgnorable }
      let after = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }
      return [before?.properties.isCased == true && after?.properties.isCased != true ? "ς" : "σ"]
    }
  }
}
