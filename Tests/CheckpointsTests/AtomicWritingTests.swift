import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Files and folders that appear whole or not at all")
struct AtomicWritingTests {
  private struct Failure: Error, Equatable {}

  private func names(_ folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
  }

  private func write(_ text: String, _ url: URL) throws { try Data(text.utf8).write(to: url) }

  private func read(_ url: URL) throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }

  @Test func filesAreMadeWithTheirFoldersAndReplaced() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("a/b/file")
      try AtomicWriting.write(Data("one".utf8), to: url)
      #expect(try read(url) == "one")
      try AtomicWriting.write(Data(), to: url)
      #expect(try read(url) == "")
      #expect(try names(url.deletingLastPathComponent()) == ["file"])
    }
  }

  @Test func foldersAreMadeAndReplaced() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("models/m")
      try AtomicWriting.writeFolder(at: url) { try write("old", $0.appendingPathComponent("old")) }
      #expect(try names(url) == ["old"])
      try AtomicWriting.writeFolder(at: url) { try write("new", $0.appendingPathComponent("new")) }
      #expect(try names(url) == ["new"])
      #expect(try names(url.deletingLastPathComponent()) == ["m"])
    }
  }

  @Test func aFillThatFailsLeavesTheOldFolder() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("m")
      try AtomicWriting.writeFolder(at: url) { try write("old", $0.appendingPathComponent("file")) }
      #expect(throws: Failure.self) {
        try AtomicWriting.writeFolder(at: url) {
          try write("half", $0.appendingPathComponent("file"))
          throw Failure()
        }
      }
      #expect(try read(url.appendingPathComponent("file")) == "old")
      #expect(try names(folder) == ["m"])
    }
  }

  @Test func aFillThatFailsLeavesNothingWhereNothingWas() throws {
    try withTemporaryFolder { folder throws in
      #expect(throws: Failure.self) {
        try AtomicWriting.writeFolder(at: folder.appendingPathComponent("m")) { _ in throw Failure() }
      }
      #expect(try names(folder).isEmpty)
    }
  }

  @Test func placesThatCannotBeWrittenAreNamedAndLeftAlone() throws {
    try withTemporaryFolder { folder throws in
      let file = folder.appendingPathComponent("file")
      try write("old", file)
      let full = folder.appendingPathComponent("full")
      try FileManager.default.createDirectory(
        at: full.appendingPathComponent("inside"), withIntermediateDirectories: true)
      // Below a file, a file over a folder, a folder over a file.
      let below = file.appendingPathComponent("below")
      let attempts: [(URL, () throws -> Void)] = [
        (below, { try AtomicWriting.write(Data(), to: below) }),
        (below, { try AtomicWriting.writeFolder(at: below) { _ in } }),
        (full, { try AtomicWriting.write(Data("new".utf8), to: full) }),
        (file, { try AtomicWriting.writeFolder(at: file) { _ in } }),
      ]
      for (url, attempt) in attempts {
        let error = #expect(throws: CheckpointError.self) { try attempt() }
        guard case .unwritable(url.path, let reason)? = error else {
          Issue.record("another error: \(String(describing: error))")
          continue
        }
        #expect(!reason.isEmpty && !reason.hasSuffix("."), "\(reason)")
      }
      #expect(try names(folder) == ["file", "full"])
      #expect(try names(full) == ["inside"])
      #expect(try read(file) == "old")
    }
  }

  @Test func leftoversOfKilledRunsAreRemovedOthersStay() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("m")
      // A process that has ended, this one's number from an earlier life, one that lives, and one of another place.
      let ended = Process()
      ended.executableURL = URL(fileURLWithPath: "/bin/true")
      try ended.run()
      ended.waitUntilExit()
      let gone = [".m.flawless-unfinished-\(ended.processIdentifier)-1", ".m.flawless-unfinished-\(getpid())-1"]
      let kept = [".m.flawless-unfinished-\(getppid())-1", ".n.flawless-unfinished-\(ended.processIdentifier)-1"]
      for name in gone + kept {
        let leftover = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: leftover, withIntermediateDirectories: false)
        try write("half", leftover.appendingPathComponent("weights"))
      }
      try AtomicWriting.writeFolder(at: url) { try write("new", $0.appendingPathComponent("file")) }
      #expect(try names(folder) == (kept + ["m"]).sorted())
    }
  }

  @Test func writersOfOnePlaceDoNotDisturbEachOther() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("m")
      try AtomicWriting.writeFolder(at: url) { outer throws in
        try write("outer", outer.appendingPathComponent("file"))
        try AtomicWriting.writeFolder(at: url) { try write("inner", $0.appendingPathComponent("file")) }
        #expect(try read(url.appendingPathComponent("file")) == "inner")
      }
      #expect(try read(url.appendingPathComponent("file")) == "outer")
      #expect(try names(folder) == ["m"])
    }
  }
}
