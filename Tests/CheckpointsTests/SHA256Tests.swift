import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("SHA-256")
struct SHA256Tests {
  @Test(arguments: [false, true]) func knownAnswersOfTheStandard(isPortable: Bool) {
    let answers = [
      "": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq":
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu":
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ]
    for (text, answer) in answers { #expect(SHA256.hash(Data(text.utf8), isPortable: isPortable) == answer) }
    #expect(
      SHA256.hash([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000), isPortable: isPortable)
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test(arguments: [false, true]) func everyLengthAroundTheBlockIsPaddedRight(isPortable: Bool) throws {
    // The hash of the hashes of 0…200 bytes, from Python's hashlib.
    let hashes = (0...200).map { SHA256.hash((0..<$0).map { UInt8($0) }, isPortable: isPortable) }.joined()
    #expect(SHA256.hash(Data(hashes.utf8)) == "b367ea311264aae50e6260b96a10761169ce3eec5d5f8f2258351f82c7252776")
  }

  @Test func largeFilesAreHashedInPieces() throws {
    try withTemporaryFolder { folder throws in
      // Three megabytes and a bit: several reads, the last one short.
      let bytes = (0..<3_145_757).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
      let url = folder.appendingPathComponent("large")
      try Data(bytes).write(to: url)
      #expect(try SHA256.hash(fileAt: url.path) == SHA256.hash(bytes))
      #expect(SHA256.hash(bytes) == "2092ef57b6a2dc204df2759e07cb2c12737dd26f4811b787e48ba6eaefecc520")
    }
  }

  @Test func whatCannotBeReadIsNamed() throws {
    for path in ["/nowhere/file", Fixtures.path("checkpoints")] {
      let error = #expect(throws: CheckpointError.self) { try SHA256.hash(fileAt: path) }
      guard case .unreadable(path, _)? = error else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
    }
  }
}
