import Checkpoints
import Foundation
import TestSupport
import Testing

/// Legacy files put together by hand around one pickle.
@Suite("The pickle interpreter")
struct PickleTests {
  /// The three pickles before the object: magic number, 1001, {little_endian: True}.
  private let head: [UInt8] =
    [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    + [0x80, 2] + Array("M".utf8) + [0xE9, 3] + Array(".".utf8)
    + [0x80, 2] + Array("}X".utf8) + [13, 0, 0, 0] + Array("little_endian".utf8) + [0x88] + Array("s.".utf8)

  private func text(_ string: String) -> [UInt8] {
    Array("X".utf8) + withUnsafeBytes(of: UInt32(string.utf8.count).littleEndian, Array.init) + Array(string.utf8)
  }

  private func number(_ value: Int) -> [UInt8] {
    Array("J".utf8) + withUnsafeBytes(of: Int32(value).littleEndian, Array.init)
  }

  /// ("storage", torch.FloatStorage, key, "cpu", count, None) as a persistent identifier.
  private func storage(_ key: String, _ count: Int, type: String = "Float") -> [UInt8] {
    Array("(".utf8) + text("storage") + Array("ctorch\n\(type)Storage\n".utf8) + text(key) + text("cpu")
      + number(count) + Array("NtQ".utf8)
  }

  /// A tensor with one axis.
  private func tensor(_ storage: [UInt8], offset: Int = 0, extent: Int, stride: Int = 1) -> [UInt8] {
    Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8) + storage + number(offset) + number(extent) + [0x85]
      + number(stride) + [0x85] + [0x89] + Array("}tR".utf8)
  }

  private func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] {
    Array("}(".utf8) + items.flatMap { text($0.0) + $0.1 } + Array("u".utf8)
  }

  private func file(_ object: [UInt8], storages: [(key: String, values: [Float])] = []) -> [UInt8] {
    var bytes = head + [0x80, 2] + object + Array(".".utf8)
    bytes += [0x80, 2] + Array("](".utf8) + storages.flatMap { text($0.key) } + Array("e.".utf8)
    for storage in storages {
      bytes += withUnsafeBytes(of: storage.values.count, Array.init) + storage.values.withUnsafeBytes(Array.init)
    }
    return bytes
  }

  private func open(_ bytes: [UInt8]) throws -> any TensorFile {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file.pth")
      try Data(bytes).write(to: url)
      return try openTensorFile(url.path)
    }
  }

  /// Why a file is refused.
  private func reason(_ bytes: [UInt8]) throws -> String? {
    let error = #expect(throws: CheckpointError.self) { try open(bytes) }
    guard case .malformed(_, _, let reason)? = error else { return nil }
    return reason
  }

  @Test func aFileMadeByHandIsRead() throws {
    let object = dictionary([("a", tensor(storage("0", 4), offset: 1, extent: 2, stride: 2))])
    let tensor = try open(file(object, storages: [("0", [1, 2, 3, 4])])).tensor(named: "a")
    #expect(tensor.shape == [2])
    #expect(tensor.values == [2, 4])
  }

  @Test func oneStorageDescribedInTwoWaysIsRefused() throws {
    // The first says 2 elements, and so does the file; the second would reach beyond.
    let object = dictionary([
      ("a", tensor(storage("0", 2), extent: 2)), ("b", tensor(storage("0", 4000), extent: 4000)),
    ])
    #expect(try reason(file(object, storages: [("0", [1, 2])])) == "the storage '0' is described in two ways")
    let other = dictionary([
      ("a", tensor(storage("0", 2), extent: 2)), ("b", tensor(storage("0", 2, type: "Double"), extent: 2)),
    ])
    #expect(try reason(file(other, storages: [("0", [1, 2])])) == "the storage '0' is described in two ways")
  }

  @Test(arguments: [(0, 3, 1), (1, 2, 1), (0, 2, 2), (-1, 1, 1), (0, -1, 1), (0, 2, -1), (2, 1, 0)])
  func tensorsThatLeaveTheirStorageAreRefused(_ place: (offset: Int, extent: Int, stride: Int)) throws {
    let object = dictionary([
      ("a", tensor(storage("0", 2), offset: place.offset, extent: place.extent, stride: place.stride))
    ])
    #expect(try reason(file(object, storages: [("0", [1, 2])]))?.contains("does not fit its storage") == true)
  }

  @Test func expandedTensorsAreBounded() throws {
    let fits = dictionary([("a", tensor(storage("0", 1), extent: 1000, stride: 0))])
    #expect(
      try open(file(fits, storages: [("0", [7])])).tensor(named: "a").values == [Float](repeating: 7, count: 1000))
    let huge = dictionary([("a", tensor(storage("0", 1), extent: .init(Int32.max), stride: 0))])
    #expect(try reason(file(huge, storages: [("0", [7])]))?.contains("does not fit its storage") == true)
  }

  @Test func storagesMustBeThereAndNothingElse() throws {
    let object = dictionary([("a", tensor(storage("0", 2), extent: 2))])
    #expect(try reason(file(object)) == "the storage of 'a' is not in the file")
    #expect(try reason(file(object, storages: [("0", [1])])) == "a storage has 1 elements instead of 2")
    #expect(
      try reason(file(object, storages: [("0", [1, 2]), ("1", [3])])) == "it lists a storage that no tensor uses")
    #expect(try reason(file(object, storages: [("0", [1, 2])]) + [0]) == "bytes follow the last storage")
  }

  @Test func theSameNameTwiceIsRefused() throws {
    let one = tensor(storage("0", 2), extent: 2)
    #expect(
      try reason(file(dictionary([("a", one), ("a", one)]), storages: [("0", [1, 2])]))
        == "the tensor 'a' occurs twice")
  }

  @Test func otherOpcodesAndProtocolsAreRefusedByName() throws {
    for opcode in Array("ILFSVPpgdlio012BC".utf8) + [0x81, 0x82, 0x8B, 0x8C, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x97] {
      #expect(
        try reason(file([opcode, 0, 0])) == "the pickle opcode 0x\(String(opcode, radix: 16)) is not supported")
    }
    #expect(try reason(file([0x80, 4])) == "pickle protocol 4 is not supported, only 2")
  }

  @Test func brokenStacksAreRefused() throws {
    for program in ["", "t", "R", "(R", "a", "]a", "e", "s", "}(Nu", "h\u{1}", "b", "Q", "NQ", "NNR", "(", "Nb"] {
      #expect(try reason(file(Array(program.utf8))) != nil, "\(program)")
    }
  }

  @Test func cyclesAndDepthDoNoHarm() throws {
    // A list inside itself, and 100 000 lists inside each other, beside a tensor.
    let cycle: [UInt8] = Array("]q\u{1}h\u{1}a".utf8)
    let deep =
      [UInt8](repeating: UInt8(ascii: "]"), count: 100_000)
      + [UInt8](
        repeating: UInt8(ascii: "a"), count: 99_999)
    for object in [cycle, deep] {
      let bytes = file(
        dictionary([("x", object), ("a", tensor(storage("0", 2), extent: 2))]), storages: [("0", [1, 2])])
      #expect(try open(bytes).names == ["a"])
    }
  }

  @Test func sharedTuplesAreNotMultipliedOut() throws {
    // Each tuple holds the one before twice: 2⁶⁰ leaves if anything walked them.
    var bomb: [UInt8] = Array(")q\u{1}".utf8)
    for _ in 0..<60 { bomb += Array("h\u{1}".utf8) + [0x86] + Array("q\u{1}h\u{1}".utf8) }
    // Each round needs two on the stack: the first is the one before.
    let object = dictionary([
      ("x", Array("(".utf8) + bomb + Array("t".utf8)), ("a", tensor(storage("0", 1), extent: 1)),
    ])
    #expect(try open(file(object, storages: [("0", [1])])).names == ["a"])
  }

  /// The processor time of this thread in seconds. A time limit would count the time that other tests take, too.
  private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  @Test func longListsTakeTimeInProportion() throws {
    func seconds(entries: Int) throws -> Double {
      let list = Array("]".utf8) + [[UInt8]](repeating: Array("Na".utf8), count: entries).flatMap { $0 }
      let items = Array("}".utf8) + [[UInt8]](repeating: Array("NNs".utf8), count: entries).flatMap { $0 }
      let object = dictionary([("x", list), ("y", items), ("a", tensor(storage("0", 1), extent: 1))])
      let bytes = file(object, storages: [("0", [1])])
      let start = processorTime()
      #expect(try open(bytes).names == ["a"])
      return processorTime() - start
    }
    // One append each: copying the list every time would take 64 times as long for 8 times as many.
    let few = try (0..<3).map { _ in try seconds(entries: 4000) }.min()!
    #expect(try seconds(entries: 32_000) <= 24 * few)
  }
}
