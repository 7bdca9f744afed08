import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

/// Legacy files put together by hand around one pickle.
@Suite("The pickle interpreter")
struct PickleTests {
  private func text(_ string: String) -> [UInt8] { PickleBytes.text(string) }

  private func storage(_ key: String, _ count: Int, type: String = "Float") -> [UInt8] {
    PickleBytes.storage(key, count, type: type)
  }

  private func tensor(_ storage: [UInt8], offset: Int = 0, extent: Int, stride: Int = 1) -> [UInt8] {
    PickleBytes.tensor(storage, offset: offset, extent: extent, stride: stride)
  }

  private func dictionary(_ items: [(String, [UInt8])]) -> [UInt8] { PickleBytes.dictionary(items) }

  private func file(_ object: [UInt8], storages: [PickleBytes.Storage] = []) -> [UInt8] {
    PickleBytes.legacyFile(object, storages: storages)
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
    switch error {
    case .malformed(_, _, let reason)?, .unsupported(_, _, let reason)?: return reason
    default: return nil
    }
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
    let opcodes: [(UInt8, String)] = [
      (UInt8(ascii: "I"), "INT (0x49)"), (UInt8(ascii: "0"), "POP (0x30)"), (UInt8(ascii: "i"), "INST (0x69)"),
      (0x82, "EXT1 (0x82)"), (0x8C, "SHORT_BINUNICODE (0x8c)"), (0x93, "STACK_GLOBAL (0x93)"), (0x95, "FRAME (0x95)"),
      (0xFF, "0xff"),
    ]
    for (opcode, name) in opcodes {
      #expect(try reason(file([opcode, 0, 0])) == "the pickle opcode \(name) is not supported")
    }
    #expect(try reason(file([0x80, 4])) == "pickle protocol 4 is not supported, only 2")
  }

  @Test func namesWithLineBreaksStayOneSentence() throws {
    let name = "a\u{1B}[31m\r\nb\u{2028}" + String(repeating: "long", count: 1000)
    let one = tensor(storage("0", 2), extent: 2)
    let bytes = file(dictionary([(name, one), (name, one)]), storages: [("0", [1, 2])])
    let text = try #require(#expect(throws: CheckpointError.self) { try open(bytes) }).description
    #expect(text.contains("the tensor 'a\u{FFFD}[31m\u{FFFD}\u{FFFD}b\u{FFFD}long"))
    #expect(text.count < 1000 && text.hasSuffix("…."))
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
