/// Programs of the pickle machine, each in a legacy file and in an archive.
extension MalformedFile {
  private typealias Pickle = PickleBytes

  static let pickles = programs.flatMap { name, program in
    [
      MalformedFile("legacy: \(name)", "weights, strict", Pickle.legacyFile(program, storages: [("0", [1, 2])])),
      MalformedFile("archive: \(name)", "weights, strict", Pickle.zipFile(program, storages: [("0", [1, 2])])),
    ]
  }

  private static func bytes(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

  private static func state(_ tensor: [UInt8]) -> [UInt8] { Pickle.dictionary([("a", tensor)]) }

  private static let whole = Pickle.storage("0", 2)
  private static let good = Pickle.tensor(whole, extent: 2)

  /// A tensor whose description is given.
  private static func tensor(_ arguments: [UInt8], function: String = "torch._utils\n_rebuild_tensor_v2") -> [UInt8] {
    bytes("c\(function)\n(") + arguments + bytes("tR")
  }

  private static func persistent(_ parts: [UInt8]) -> [UInt8] {
    state(Pickle.tensor(bytes("(") + parts + bytes("tQ"), extent: 2))
  }

  private static let programs: [(String, [UInt8])] =
    stackPrograms + tensorPrograms
    + [
      ("a tensor and no name", good), ("nothing named", bytes("}")), ("a number", bytes("K\u{7}")),
      ("a list", bytes("]")),
      ("a name that is a number", bytes("}K\u{1}") + good + bytes("s")),
      ("the same name twice", Pickle.dictionary([("a", good), ("a", good)])),
      ("the same name by two paths", Pickle.dictionary([("a.b", good), ("a", Pickle.dictionary([("b", good)]))])),
      ("dictionaries that nest too deep", nested(70)),
      ("a dictionary inside itself", bytes("}q\u{1}X\u{1}\u{0}\u{0}\u{0}ah\u{1}s")),
      ("dictionaries that multiply", multiplied), ("names that multiply", longNames),
      ("a call of os.system", bytes("cposix\nsystem\nU\u{4}true\u{85}R")),
      ("a call of eval", bytes("c__builtin__\neval\nU\u{1}1\u{85}R")),
      ("a class of Lightning", bytes("cpytorch_lightning.callbacks\nModelCheckpoint\n")),
      ("a class of NumPy", bytes("cnumpy\ndtype\n")),
      ("a quantised tensor", bytes("ctorch._utils\n_rebuild_qtensor\n")),
      ("a quantised storage", bytes("ctorch\nQInt8Storage\n")),
      ("a sparse tensor", bytes("ctorch._utils\n_rebuild_sparse_tensor\n")),
      ("a subclass of tensors", bytes("ctorch._tensor\n_rebuild_from_type_v2\n")),
      ("an old parameter", bytes("ctorch.nn.parameter\nParameter\n")),
      ("an object of a known function", bytes("ccollections\nOrderedDict\n)\u{81}")),
      ("a name of 300 bytes", bytes("c\(String(repeating: "a", count: 300))\n")), ("a name cut off", bytes("ctorch")),
      ("protocol 0", bytes("\u{80}\u{0}}")), ("protocol 3", bytes("\u{80}\u{3}}")),
      ("protocol 5", bytes("\u{80}\u{5}}")),
    ]
    + bytes("PILFSVpgdlio012BC").map { ("the opcode \(Character(Unicode.Scalar($0)))", [$0] + bytes("0\n\n")) }
    + ([0x82, 0x83, 0x84, 0x8B, 0x8C, 0x8D, 0x8E, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0xFF] as [UInt8])
    .map { ("the opcode \(String($0, radix: 16))", [$0, 0, 0, 0, 0]) }

  private static let stackPrograms: [(String, [UInt8])] = [
    ("an empty pickle", []), ("a tuple without a mark", bytes("t")), ("a call of nothing", bytes("R")),
    ("a call across a mark", bytes("(R")), ("an append to nothing", bytes("a")), ("an append of nothing", bytes("]a")),
    ("an append to a number", bytes("K\u{1}Na")), ("appends without a mark", bytes("]e")),
    ("an item of nothing", bytes("}s")),
    ("an item in a list", bytes("]NNs")), ("items that are odd", bytes("}(Nu")), ("items without a mark", bytes("}u")),
    ("a recall of nothing", bytes("h\u{1}")), ("a long recall of nothing", bytes("j\u{1}\u{0}\u{0}\u{0}")),
    ("a memo of nothing", bytes("q\u{1}")), ("a memo across a mark", bytes("N(q\u{1}")),
    ("a build of nothing", bytes("b")),
    ("a build on nothing", bytes("Nb")), ("a build on a number", bytes("K\u{1}}b")), ("a mark alone", bytes("(")),
    ("a tuple of too few", bytes("NN\u{87}")), ("a call of a number", bytes("K\u{1})R")),
    ("a call without a tuple", bytes("ccollections\nOrderedDict\nNR")),
    ("an ordered dictionary of a number", bytes("ccollections\nOrderedDict\nK\u{1}\u{85}R")),
    ("an ordered dictionary of no pairs", bytes("ccollections\nOrderedDict\n]Na\u{85}R")),
    ("a set of a number", bytes("c__builtin__\nset\nK\u{1}\u{85}R")),
    ("text cut off", bytes("X\u{FF}\u{FF}\u{FF}\u{7F}abc")),
    ("text of 4 GB", bytes("X\u{FF}\u{FF}\u{FF}\u{FF}")),
    ("text that is no UTF-8", bytes("X\u{1}\u{0}\u{0}\u{0}\u{FF}")),
    ("short text cut off", bytes("U\u{FF}a")), ("a long number cut off", bytes("\u{8A}\u{FF}a")),
    ("a persistent identifier of nothing", bytes("Q")), ("a persistent identifier of None", bytes("NQ")),
  ]

  private static let tensorPrograms: [(String, [UInt8])] =
    [
      ("a tensor without arguments", state(tensor([]))),
      ("a tensor without strides", state(tensor(whole + bytes("K\u{0}K\u{2}\u{85}")))),
      ("a tensor of no storage", state(tensor(bytes("NK\u{0}K\u{2}\u{85}K\u{1}\u{85}")))),
      ("a tensor whose shape is a number", state(tensor(whole + bytes("K\u{0}K\u{2}K\u{1}\u{85}")))),
      ("a tensor whose shape holds text", state(tensor(whole + bytes("K\u{0}U\u{1}2\u{85}K\u{1}\u{85}")))),
      ("a tensor with a stride too few", state(tensor(whole + bytes("K\u{0}K\u{1}K\u{2}\u{86}K\u{1}\u{85}")))),
      ("a tensor with 65 axes", state(tensor(whole + bytes("K\u{0}(\(ones))t(\(ones)t")))),
      (
        "a tensor without its type",
        state(
          tensor(whole + bytes("K\u{0}K\u{2}\u{85}K\u{1}\u{85}\u{89}})"), function: "torch._utils\n_rebuild_tensor_v3"))
      ),
      (
        "a tensor of another type than its storage",
        state(
          tensor(
            whole + bytes("K\u{0}K\u{1}\u{85}K\u{1}\u{85}\u{89}}ctorch\nfloat64\n"),
            function: "torch._utils\n_rebuild_tensor_v3"))
      ),
      ("a parameter of None", state(tensor(bytes("N"), function: "torch._utils\n_rebuild_parameter"))),
      ("a parameter of nothing", state(tensor([], function: "torch._utils\n_rebuild_parameter"))),
      ("a storage that is not there", state(Pickle.tensor(Pickle.storage("9", 2), extent: 2))),
      ("a storage that is too short", state(Pickle.tensor(Pickle.storage("0", 3), extent: 3))),
      ("a storage of 2 to the 62", state(Pickle.tensor(Pickle.storage("0", 1 << 62), extent: 2))),
      ("a storage of negative length", state(Pickle.tensor(Pickle.storage("0", -1), extent: 2))),
      (
        "a storage described in two ways",
        Pickle.dictionary([("a", good), ("b", Pickle.tensor(Pickle.storage("0", 4000), extent: 4000))])
      ),
      (
        "a storage of two types",
        Pickle.dictionary([("a", good), ("b", Pickle.tensor(Pickle.storage("0", 2, type: "Int"), extent: 2))])
      ),
      ("a storage of an unknown type", state(Pickle.tensor(Pickle.storage("0", 2, type: "Tasty"), extent: 2))),
      (
        "a module that is called storage",
        persistent(
          Pickle.text("module") + bytes("ctorch\nFloatStorage\n") + Pickle.text("0") + Pickle.text("cpu")
            + bytes("K\u{2}N"))
      ),
      (
        "a persistent identifier of 4",
        persistent(Pickle.text("storage") + bytes("ctorch\nFloatStorage\n") + Pickle.text("0") + Pickle.text("cpu"))
      ),
      (
        "a persistent identifier whose key is a number",
        persistent(
          Pickle.text("storage") + bytes("ctorch\nFloatStorage\nK\u{0}") + Pickle.text("cpu") + bytes("K\u{2}N"))
      ),
      (
        "a part beyond its storage",
        persistent(
          Pickle.text("storage") + bytes("ctorch\nFloatStorage\n") + Pickle.text("0") + Pickle.text("cpu")
            + bytes("K\u{2}(U\u{1}vK\u{1}K\u{2}t"))
      ),
      ("tensors many times the file", many),
    ]
    + [
      (0, 3, 1), (1, 2, 1), (0, 2, 2), (-1, 1, 1), (0, -1, 1), (0, 2, -1), (2, 1, 0), (0, 1 << 25, 0),
      (0, 2, Int.max), (Int.max, 2, 1), (0, Int.max, 1), (1, Int.max, Int.max), (0, Int.min, 1),
    ].map { offset, extent, stride in
      (
        "a tensor at \(offset) of \(extent) by \(stride)",
        state(Pickle.tensor(whole, offset: offset, extent: extent, stride: stride))
      )
    }

  private static let ones = String(repeating: "K\u{1}", count: 65)

  private static func nested(_ depth: Int) -> [UInt8] {
    (0..<depth).reduce(good) { inner, _ in Pickle.dictionary([("a", inner)]) }
  }

  /// Each dictionary holds the one before twice.
  private static let multiplied: [UInt8] = (0..<40).reduce(state(good)) { inner, _ in
    bytes("}(") + Pickle.text("a") + inner + bytes("q\u{1}") + Pickle.text("b") + bytes("h\u{1}u")
  }

  /// Every level doubles the names, and each is long.
  private static let longNames: [UInt8] = (0..<12).reduce(state(good)) { inner, _ in
    let name = Pickle.text(String(repeating: "n", count: 1000))
    return bytes("}(") + name + inner + bytes("q\u{1}") + Pickle.text("b") + bytes("h\u{1}u")
  }

  /// Expanded tensors of 16 million elements each, of a storage of two.
  private static let many = Pickle.dictionary(
    (0..<20).map { ("\($0)", Pickle.tensor(whole, extent: 1 << 24, stride: 0)) })
}
