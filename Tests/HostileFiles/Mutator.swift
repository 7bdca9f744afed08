/// Changes to good files that make bad ones: anywhere, at numbers that may be lengths, and at a format's own seams, with
/// checksums made right again, so that the changes reach what lies behind them. The same seed makes the same files.
public struct Mutator {
  private var state: UInt64

  public init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  public mutating func number(below limit: Int) -> Int { Int(next() % UInt64(max(limit, 1))) }

  /// A place in a list of so many.
  public mutating func pick(_ count: Int) -> Int { number(below: count) }

  /// - others: files that pieces may come from
  public mutating func mutated(_ original: [UInt8], others: [[UInt8]] = []) -> [UInt8] {
    var bytes = original
    if number(below: 3) > 0, let changed = structured(bytes, others) { return changed }
    change(&bytes, others)
    return bytes
  }

  /// One to four changes of any kind.
  mutating func change(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
    for _ in 0...number(below: 4) where !bytes.isEmpty {
      switch number(below: 4) {
      case 0: changeByte(&bytes)
      case 1: changeLength(&bytes)
      case 2: changePiece(&bytes, others)
      default: changeTokens(&bytes)
      }
    }
  }

  private mutating func changeByte(_ bytes: inout [UInt8]) {
    let place = number(below: bytes.count)
    switch number(below: 4) {
    case 0: bytes[place] ^= 1 << UInt8(number(below: 8))
    case 1: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][number(below: 5)]
    case 2: changeDigit(&bytes, near: place)
    default: bytes[place] = UInt8(number(below: 256))
    }
  }

  /// Numbers written as text.
  private mutating func changeDigit(_ bytes: inout [UInt8], near place: Int) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard let digit = bytes[place...].firstIndex(where: { digits.contains($0) }) else { return }
    let texts = ["-", "0", "9", "99999999999", "9223372036854775807", "1e3", "0.5", "", "null", "[", "\"", "01"]
    bytes.replaceSubrange(digit...digit, with: Array(texts[number(below: texts.count)].utf8))
  }

  /// A little- or big-endian number of any width becomes another: near it, or one that overflows.
  private mutating func changeLength(_ bytes: inout [UInt8]) {
    let width = [1, 2, 4, 8][number(below: 4)]
    guard bytes.count >= width else { return }
    let place = number(below: bytes.count - width + 1)
    let isBig = number(below: 4) == 0
    let places = isBig ? Array((place..<(place + width)).reversed()) : Array(place..<(place + width))
    let old = places.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
    let sign = UInt64(1) << UInt64(8 * width - 1)
    let values = [
      old &+ 1, old &- 1, 0, .max, sign, sign &- 1, old &* 2, UInt64(bytes.count), UInt64(bytes.count) &- old, 1 << 16,
      1 << 32, 1 << 24, old &+ UInt64(number(below: 64)),
    ]
    var value = values[number(below: values.count)]
    for place in places {
      bytes[place] = UInt8(truncatingIfNeeded: value)
      value >>= 8
    }
  }

  private mutating func changePiece(_ bytes: inout [UInt8], _ others: [[UInt8]]) {
    let place = number(below: bytes.count)
    let end = min(place + 1 + number(below: 64), bytes.count)
    switch number(below: 6) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.removeLast(bytes.count - place)
    case 2: bytes.insert(contentsOf: bytes[place..<end], at: number(below: bytes.count))
    case 3: bytes.insert(contentsOf: (0..<number(below: 16)).map { _ in UInt8(number(below: 256)) }, at: place)
    case 4:
      guard !others.isEmpty else { return }
      let other = others[number(below: others.count)]
      guard !other.isEmpty else { return }
      let start = number(below: other.count)
      bytes.replaceSubrange(place..<end, with: other[start..<min(start + 1 + number(below: 256), other.count)])
    default: bytes.insert(contentsOf: repeatElement(bytes[place], count: number(below: 4096)), at: place)
    }
  }

  /// Opcodes of a pickle that begins somewhere in the bytes: taken out, doubled, moved, and new ones put in.
  private mutating func changeTokens(_ bytes: inout [UInt8]) {
    let tokens = PickleTokens.ranges(in: bytes)
    guard tokens.count > 2 else { return changeByte(&bytes) }
    let token = tokens[number(below: tokens.count)]
    let other = tokens[number(below: tokens.count)]
    switch number(below: 5) {
    case 0: bytes.removeSubrange(token)
    case 1: bytes.insert(contentsOf: bytes[other], at: token.lowerBound)
    case 2: bytes.replaceSubrange(token, with: bytes[other])
    case 3: bytes[token.lowerBound] = PickleTokens.opcodes[number(below: PickleTokens.opcodes.count)]
    default:
      bytes.insert(contentsOf: PickleTokens.pieces[number(below: PickleTokens.pieces.count)], at: token.lowerBound)
    }
  }

  // MARK: formats

  /// Changes behind a format's checksums; nil for other formats.
  private mutating func structured(_ bytes: [UInt8], _ others: [[UInt8]]) -> [UInt8]? {
    if bytes.starts(with: [0x50, 0x4B, 3, 4]), var parts = ZipParts(bytes), !parts.members.isEmpty {
      var member = number(below: parts.members.count)
      // The pickle is what most depends on.
      if number(below: 2) == 0 { member = parts.members.firstIndex { $0.name.hasSuffix("data.pkl") } ?? member }
      switch number(below: 12) {
      case 0: parts.members.remove(at: member)
      case 1: parts.members.append(parts.members[member])
      case 2: parts.members[member].name += "x"
      default: change(&parts.members[member].contents, others)
      }
      return parts.encoded(isWide: number(below: 4) == 0)
    }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), var parts = PNGParts(bytes), !parts.chunks.isEmpty {
      let chunk = number(below: parts.chunks.count)
      switch number(below: 8) {
      case 0: parts.chunks.remove(at: chunk)
      case 1: parts.chunks.insert(parts.chunks[chunk], at: number(below: parts.chunks.count))
      case 2: parts.chunks.swapAt(chunk, number(below: parts.chunks.count))
      default: change(&parts.chunks[chunk].contents, [])
      }
      return parts.encoded()
    }
    return nil
  }
}
