/// Where the opcodes of pickles lie, and pieces of pickles.
enum PickleTokens {
  /// Every opcode there is, and some that are none.
  static let opcodes: [UInt8] = Array("().N}]ctuaesRbQqrhjKMJGXUTILFSVPp0123BC".utf8) + Array(0x80...0x99)

  /// Short programs that are right or nearly so.
  static let pieces: [[UInt8]] =
    [
      "(", ")", "t", "]", "}", "N", "R", "b", "Q", "a", "e", "s", "u", ".", "h\u{0}", "h\u{1}", "q\u{0}", "q\u{1}",
      "ccollections\nOrderedDict\n", "ccollections\nOrderedDict\n)R", "ctorch\nFloatStorage\n",
      "ctorch\nBFloat16Storage\n", "ctorch\nComplexFloatStorage\n", "ctorch.storage\nUntypedStorage\n",
      "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch._utils\n_rebuild_tensor_v3\n",
      "ctorch._utils\n_rebuild_parameter\n", "ctorch\nSize\n", "ctorch\nfloat8_e5m2\n", "c__builtin__\nset\n]R",
      "cposix\nsystem\n", "cposix\nsystem\n)R", "c__torch__.A\nB\n)\u{81}}b", "K\u{0}", "K\u{1}", "K\u{7F}",
      "](h\u{1}e",
    ].map { text in text.unicodeScalars.map { UInt8($0.value) } }
    + [
      [0x4A, 0xFF, 0xFF, 0xFF, 0x7F], [0x4A, 0, 0, 0, 0x80], [0x4D, 0xFF, 0xFF],
      [0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], [0x8A, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x58, 0xFF, 0xFF, 0xFF, 0xFF], [0x85], [0x86], [0x87], [0x8F], [0x81], [0x80, 2], [0x80, 4], [0x8A, 0],
    ]

  /// The opcodes with their arguments, from the first `80 02` on, as far as they make sense.
  static func ranges(in bytes: [UInt8]) -> [Range<Int>] {
    guard bytes.count > 2,
      let start = bytes.indices.dropLast().first(where: { bytes[$0] == 0x80 && bytes[$0 + 1] == 2 })
    else { return [] }
    var ranges: [Range<Int>] = []
    var position = start
    while position < bytes.count, ranges.count < 4096, let length = length(bytes, position),
      length <= bytes.count - position
    {
      ranges.append(position..<(position + length))
      position += length
    }
    return ranges
  }

  private static func length(_ bytes: [UInt8], _ position: Int) -> Int? {
    func little(_ width: Int) -> Int {
      (0..<width).reversed().reduce(0) {
        position + 1 + $1 < bytes.count ? $0 << 8 | Int(bytes[position + 1 + $1]) : $0
      }
    }
    switch bytes[position] {
    case UInt8(ascii: "c"):
      var lines = 0
      let end = bytes[position...].firstIndex { byte in
        if byte == UInt8(ascii: "\n") { lines += 1 }
        return lines == 2
      }
      return end.map { $0 - position + 1 }
    case 0x80, UInt8(ascii: "K"), UInt8(ascii: "q"), UInt8(ascii: "h"): return 2
    case UInt8(ascii: "M"): return 3
    case UInt8(ascii: "J"), UInt8(ascii: "r"), UInt8(ascii: "j"): return 5
    case UInt8(ascii: "G"): return 9
    case UInt8(ascii: "U"), 0x8A: return 2 + little(1)
    case UInt8(ascii: "X"), UInt8(ascii: "T"): return 5 + little(4)
    case let opcode where opcodes.contains(opcode): return 1
    default: return nil
    }
  }
}
