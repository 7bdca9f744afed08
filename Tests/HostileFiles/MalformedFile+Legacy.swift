/// What surrounds the pickle of PyTorch's files.
extension MalformedFile {
  private typealias Pickle = PickleBytes

  private static let object = Pickle.dictionary([("a", Pickle.tensor(Pickle.storage("0", 2), extent: 2))])
  private static let storages: [Pickle.Storage] = [("0", [1, 2])]
  private static let legacy = Pickle.legacyFile(object, storages: storages)
  private static let archive = Pickle.members(object, storages: storages)
  private static let stop = Array(".".utf8)

  /// The legacy file with another head before the object.
  private static func legacy(version: [UInt8] = [0x4D, 0xE9, 3], system: [UInt8]) -> [UInt8] {
    Pickle.head.prefix(15) + [0x80, 2] + version + stop + [0x80, 2] + system + stop
      + legacy.dropFirst(Pickle.head.count)
  }

  private static func system(_ value: UInt8) -> [UInt8] {
    Array("}".utf8) + Pickle.text("little_endian") + [value] + Array("s".utf8)
  }

  private static func members(_ change: (inout [ZipParts.Member]) -> Void) -> [UInt8] {
    var members = archive
    change(&members)
    return ZipParts(members).encoded()
  }

  static let legacies: [MalformedFile] =
    [
      ("legacy: another version", legacy(version: [0x4D, 0xEA, 3], system: system(0x88))),
      ("legacy: a version that is None", legacy(version: [0x4E], system: system(0x88))),
      ("legacy: a big-endian machine", legacy(system: system(0x89))),
      ("legacy: no machine", legacy(system: Array("}".utf8))),
      ("legacy: a machine that is None", legacy(system: [0x4E])),
      ("legacy: bytes after the last storage", legacy + [0]),
      ("legacy: a magic number alone", Array(legacy.prefix(15))),
      ("legacy: no storages", Pickle.legacyFile(object)),
      ("legacy: a storage that nothing uses", Pickle.legacyFile(object, storages: storages + [("1", [3])])),
      ("legacy: a storage twice", Pickle.legacyFile(object, storages: storages + storages)),
      ("legacy: a storage of another length", Pickle.legacyFile(object, storages: [("0", [1])])),
      (
        "legacy: keys that are numbers", Pickle.head + [0x80, 2] + object + stop + [0x80, 2] + Array("]K\u{0}a.".utf8)
      ),
      ("legacy: keys that are None", Pickle.head + [0x80, 2] + object + stop + [0x80, 2] + Array("N.".utf8)),
      ("legacy: no keys", Pickle.head + [0x80, 2] + object + stop),
      ("archive: no pickle", members { $0.removeFirst() }),
      ("archive: a pickle without bytes", members { $0[0].contents = [] }),
      ("archive: two pickles", members { $0.append(.init("v/data.pkl", $0[0].contents)) }),
      ("archive: a pickle without STOP", members { $0[0].contents.removeLast() }),
      ("archive: a pickle in the root", members { $0[0].name = "data.pkl" }),
      ("archive: an unknown byte order", members { $0[1].contents = Array("middle".utf8) }),
      ("archive: an empty byte order", members { $0[1].contents = [] }),
      ("archive: no storage", members { $0.remove(at: 2) }),
      ("archive: an empty storage", members { $0[2].contents = [] }),
      ("archive: a storage a byte short", members { $0[2].contents.removeLast() }),
      ("archive: a storage in another folder", members { $0[2].name = "v/data/0" }),
      ("archive: TorchScript", members { $0.append(.init("w/constants.pkl", [0x80, 2, 0x29, 0x2E])) }),
      ("archive: no members", ZipParts([]).encoded()),
      ("archive: a wheel", [0x50, 0x4B, 3, 4] + ZipParts([.init("a/b.py", [])]).encoded()),
      ("archive: values with a wrong checksum", flipped),
    ].map { MalformedFile($0.0, "weights, strict", $0.1) }
    + cut("a legacy file", "weights, strict", legacy, at: [50, 200, 400, 600, 800, 950])
    + cut("an archive of weights", "weights, strict", ZipParts(archive).encoded(), at: [100, 300, 500, 700, 900])

  private static let flipped: [UInt8] = {
    var bytes = ZipParts(archive).encoded()
    // 1.0 as it stands in the storage.
    let place = bytes.indices.dropLast(3).first { Array(bytes[$0..<($0 + 4)]) == [0, 0, 0x80, 0x3F] }
    if let place { bytes[place + 3] = 0xBF }
    return bytes
  }()
}
