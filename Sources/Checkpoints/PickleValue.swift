/// A value on the pickle machine's stack. Containers live in the machine's flat arena and are named by their index, so
/// neither cycles nor depth can hurt.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case int(Int)
  /// A long integer that does not fit 64 bits, as its little-endian bytes.
  case long([UInt8])
  case double(Double)
  case string(String)
  case bytes([UInt8])
  case container(Int)
  case global(String)
  case storage(Int)
  case tensor(Int)
}

typealias PickleItem = (key: PickleValue, value: PickleValue)

/// What a container holds.
enum PickleContainer {
  case tuple([PickleValue])
  /// Also sets, whose order means nothing here.
  case list([PickleValue])
  case dictionary([PickleItem])
  /// An instance of a class that is not known: its attributes and the items set on it. In inert mode only.
  case object([PickleItem])
}

/// The part of a storage that a persistent identifier names: all of it, but for views in files before PyTorch 0.4.
struct PickleStorage {
  let key: String
  /// What one element of the storage is; single bytes where tensors say it themselves.
  let type: ElementType
  /// Elements of the whole storage.
  let count: Int
  /// Elements of this part.
  let part: Range<Int>
}

/// What a pickle may refer to.
public enum PicklePolicy: Sendable {
  /// PyTorch's own rules for `weights_only`: a fixed table of names, everything else is refused. For state dicts.
  case strict
  /// Unknown names become opaque nodes, which nothing looks up or calls; the tensors beside and below them are read.
  /// For Lightning's checkpoints, TorchScript archives and whole pickled modules.
  case inert

  /// What a person can do with a file that strict mode refuses.
  static let advice = "'flawless weights add --inert FILE' takes the tensors out, and runs nothing"
}

/// The names of opcodes that PyTorch's `weights_only` does not take either.
enum PickleOpcode {
  static func name(_ opcode: UInt8) -> String {
    let code = "0x\(String(opcode, radix: 16))"
    return names[opcode].map { "\($0) (\(code))" } ?? code
  }

  private static let names: [UInt8: String] = [
    0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x42: "BINBYTES", 0x43: "SHORT_BINBYTES", 0x46: "FLOAT", 0x49: "INT",
    0x4C: "LONG", 0x50: "PERSID", 0x53: "STRING", 0x56: "UNICODE", 0x64: "DICT", 0x67: "GET", 0x69: "INST",
    0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8B: "LONG4",
    0x8C: "SHORT_BINUNICODE", 0x8D: "BINUNICODE8", 0x8E: "BINBYTES8", 0x90: "ADDITEMS", 0x91: "FROZENSET",
    0x92: "NEWOBJ_EX", 0x93: "STACK_GLOBAL", 0x94: "MEMOIZE", 0x95: "FRAME", 0x96: "BYTEARRAY8",
    0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
  ]
}
