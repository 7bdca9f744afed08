/// Pickles put together by hand, and the files around them.
public enum PickleBytes {
  /// The three pickles before a legacy file's object: magic number, 1001, {little_endian: True}.
  public static let head: [UInt8] =
    [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    + [0x80, 2] + Array("M".utf8) + [0xE9, 3] + Array(".".utf8)
    + [0x80, 2] + Array("}X".utf8) + [13, 0, 0, 0] + Array("little_endian".utf8) + [0x88] + Array("s.".utf8)

  public static func text(_ string: String) -> [UInt8] {
    Array("X".utf8) + little(UInt32(string.utf8.count)) + Array(string.utf8)
  }

  public static func number(_ value: Int) -> [UInt8] {
    if let value = Int32(exactly: value) { return Array("J".utf8) + little(value) }
    return [0x8A, 8] + little(value)
  }

  /// ("storage", torch.FloatStorage, key, "cpu", count, None) as a persistent identifier.
  public static func storage(_ key: String, _ count: Int, type: String = "Float") -> [UInt8] {
    Array("(".utf8) + text("storage") + Array("ctorch\n\(type)Storage\n".utf8) + text(key) + text("cpu")
      + number(count) + Array("NtQ".utf8)
  }

  /// A tensor with one axis.
  public static func tensor(_ storage: [UInt8], offset: Int = 0, extent: Int, stride: Int = 1) -> [UInt8] {
    Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8) + storage + number(offset) + number(extent) + [0x85]
      + number(stride) + [0x85] + [0x89] + Array("}tR".utf8)
  }

  public static func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + items.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
  }

  public typealias Storage = (key: String, values: [Float])

  public static func legacyFile(_ object: [UInt8], storages: [Storage] = []) -> [UInt8] {
    var bytes = head + [0x80, 2] + object + Array(".".utf8)
    bytes += [0x80, 2] + Array("](".utf8) + storages.flatMap { text($0.key) } + Array("e.".utf8)
    for storage in storages { bytes += little(storage.values.count) + values(storage) }
    return bytes
  }

  /// The members of a file as `torch.save` writes it since 1.6.
  public static func members(_ object: [UInt8], storages: [Storage] = []) -> [ZipParts.Member] {
    [.init("w/data.pkl", [0x80, 2] + object + Array(".".utf8)), .init("w/byteorder", Array("little".utf8))]
      + storages.map { .init("w/data/\($0.key)", values($0)) } + [.init("w/version", Array("3\n".utf8))]
  }

  public static func zipFile(_ object: [UInt8], storages: [Storage] = []) -> [UInt8] {
    ZipParts(members(object, storages: storages)).encoded()
  }

  private static func values(_ storage: Storage) -> [UInt8] { storage.values.flatMap { little($0.bitPattern) } }
}
