import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("Zip archives")
struct ZipArchiveTests {
  private let text = Data(
    String(repeating: "weights that are text, text, text, text, text\n", count: 3).utf8)

  private func archive(_ bytes: [UInt8]) throws -> ZipArchive {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file.whl")
      try Data(bytes).write(to: url)
      return try ZipArchive(path: url.path)
    }
  }

  private func wheel() throws -> [UInt8] { try CheckpointReference.bytes("package.whl") }

  /// Where a record of this signature begins, the n-th of them.
  private func record(_ signature: [UInt8], _ number: Int, in bytes: [UInt8]) throws -> Int {
    let places = (0..<(bytes.count - 4)).filter { Array(bytes[$0..<($0 + 4)]) == signature }
    return try #require(places.count > number ? places[number] : nil)
  }

  private let directory: [UInt8] = [0x50, 0x4B, 1, 2]
  private let end: [UInt8] = [0x50, 0x4B, 5, 6]

  @Test func storedAndDeflatedMembersAreRead() throws {
    let archive = try ZipArchive(path: CheckpointReference.path("package.whl"))
    #expect(archive.names == ["package/__init__.py", "package/stored.bin", "package/deflated.bin"])
    #expect(try archive.contents(of: "package/__init__.py").isEmpty)
    #expect(try archive.contents(of: "package/stored.bin") == text)
    #expect(try archive.contents(of: "package/deflated.bin") == text)
    // Counted from zero, whatever the archive it was part of.
    #expect(try archive.contents(of: "package/stored.bin").startIndex == 0)
  }

  @Test func membersThatAreMissingAreNamed() throws {
    let path = CheckpointReference.path("package.whl")
    #expect(throws: CheckpointError.missing(path: path, name: "x")) {
      try ZipArchive(path: path).contents(of: "x")
    }
  }

  @Test func aCommentAtTheEndIsSteppedOver() throws {
    var bytes = try wheel()
    bytes[bytes.count - 2] = 5
    #expect(try archive(bytes + Array("hello".utf8)).names.count == 3)
  }

  @Test func archivesCutOffAnywhereAreRefused() throws {
    let bytes = try wheel()
    for length in 0..<bytes.count {
      #expect(throws: CheckpointError.self, "\(length)") { try archive(Array(bytes.prefix(length))) }
    }
  }

  /// Changes one byte of a directory record and says why the member is refused.
  private func reason(_ member: String, record number: Int, byte: Int, value: UInt8) throws -> String? {
    var bytes = try wheel()
    bytes[try record(directory, number, in: bytes) + byte] = value
    let error = #expect(throws: CheckpointError.self) { try archive(bytes).contents(of: member) }
    guard case .malformed(_, _, let reason)? = error else { return nil }
    return reason
  }

  @Test func brokenMembersAreRefused() throws {
    #expect(
      try reason("package/stored.bin", record: 1, byte: 16, value: 0xAA)
        == "'package/stored.bin' has a wrong checksum")
    #expect(
      try reason("package/deflated.bin", record: 2, byte: 24, value: 9)
        == "'package/deflated.bin' does not decompress")
    #expect(
      try reason("package/stored.bin", record: 1, byte: 8, value: 1) == "'package/stored.bin' is encrypted")
    #expect(
      try reason("package/stored.bin", record: 1, byte: 10, value: 12)
        == "'package/stored.bin' is compressed by method 12")
    #expect(
      try reason("package/stored.bin", record: 1, byte: 42, value: 7)
        == "'package/__init__.py' runs into what follows it")
  }

  @Test func sizesThatCannotBeTrueClaimNoMemory() throws {
    // 200 MB from some seventy packed bytes; the highest byte makes it gigabytes.
    for (byte, value) in [(26, UInt8(0xC)), (27, 0x0C), (27, 0xF0)] {
      #expect(
        try reason("package/deflated.bin", record: 2, byte: byte, value: value)
          == "'package/deflated.bin' is too large")
    }
  }

  @Test func aNameThatOccursTwiceIsRefused() throws {
    var bytes = try wheel()
    let (first, second) = (try record(directory, 1, in: bytes), try record(directory, 2, in: bytes))
    bytes.replaceSubrange(second..., with: bytes[first..<second] + bytes[(try record(end, 0, in: bytes))...])
    #expect(throws: CheckpointError.self) { try archive(bytes) }
  }

  @Test func zip64IsRead() throws {
    let members: [ZipParts.Member] = [.init("a", Array(text)), .init("folder/b", []), .init("c", [1])]
    for isWide in [false, true] {
      let archive = try archive(ZipParts(members).encoded(isWide: isWide))
      #expect(archive.names == ["a", "folder/b", "c"])
      for member in members { #expect(try Array(archive.contents(of: member.name)) == member.contents) }
    }
    // Wide fields where only the directory says so, and the other way round, as Python writes them.
    let archive = try ZipArchive(path: CheckpointReference.path("zip-zip64.pth"))
    #expect(archive.names.contains("archive/data.pkl"))
  }

  @Test func membersThatShareBytesAreRefused() throws {
    var bytes = ZipParts([.init("a", [1, 2, 3]), .init("b", [1, 2, 3])]).encoded()
    bytes.replaceSubrange(
      try record(directory, 1, in: bytes) + 42..<(try record(directory, 1, in: bytes)) + 46, with: [0, 0, 0, 0])
    let error = #expect(throws: CheckpointError.self) { try archive(bytes) }
    #expect(error?.description.contains("runs into what follows it") == true)
  }

  @Test func mutatedArchivesGiveMembersOrTypedErrors() throws {
    let bytes = try wheel()
    var mutations = Mutator(seed: 5)
    var refused = 0
    for _ in 0..<1000 {
      do {
        let archive = try archive(mutations.mutated(bytes))
        for name in archive.names { _ = try archive.contents(of: name) }
      } catch is CheckpointError { refused += 1 }
    }
    #expect(refused > 300)
  }
}
