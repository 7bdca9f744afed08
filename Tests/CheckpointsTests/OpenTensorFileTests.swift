import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("Recognising files of weights")
struct OpenTensorFileTests {
  private func error(_ bytes: [UInt8]) throws -> CheckpointError? {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file")
      try Data(bytes).write(to: url)
      return #expect(throws: CheckpointError.self) { try openTensorFile(url.path) }
    }
  }

  @Test func filesOfAnotherKindAreRefused() throws {
    let kinds: [[UInt8]] = [[], [0x80, 2, 0x7D], [0x80, 4, 0x95], [0x1F, 0x8B], Array("<html>".utf8)]
    for bytes in kinds {
      #expect(try error(bytes)?.description.contains("neither a PyTorch file nor a safetensors file") == true)
    }
    let pickle = try CheckpointReference.bytes("protocol-4.pth")
    #expect(try error(pickle)?.description.contains("neither") == true)
  }

  @Test func whatPeopleTakeForWeightsIsNamed() throws {
    let tar = [UInt8](repeating: 0, count: 257) + Array("ustar".utf8)
    for (bytes, name) in [
      (tar, "a tar archive"), ([0x1F, 0x8B], "a gzip file"), ([0x80, 4, 0x95], "a bare pickle"),
      (Array("<html>".utf8), "a page of the web"), (Array("version https://git-lfs".utf8), "Git LFS"),
    ] { #expect(try error(bytes)?.description.contains(name) == true, "\(name)") }
  }

  @Test func emptyFilesAndPipesAreRefused() throws {
    try withTemporaryFolder { folder throws in
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      // Nobody writes: a reader that waits for one would hang.
      #expect(throws: CheckpointError.unreadable(path: pipe, reason: "it is no regular file; copy it to one")) {
        try openTensorFile(pipe)
      }
    }
    #expect(throws: CheckpointError.self) { try openTensorFile("/dev/null") }
    #expect(try error([])?.description.contains("neither") == true)
  }

  /// Every kind, cut and written to after it was opened: values are refused, and the process lives.
  @Test(arguments: ["legacy.pth", "zip-state.pth", "zip-deflated.pth", "reference.safetensors"])
  func filesThatChangeWhileTheyAreReadAreRefused(_ name: String) throws {
    let bytes = Data(try CheckpointReference.bytes(name))
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file")
      for change in ["cut", "emptied", "longer"] {
        try bytes.write(to: url)
        let file = try openTensorFile(url.path)
        let handle = try FileHandle(forWritingTo: url)
        switch change {
        case "cut": try handle.truncate(atOffset: 100)
        case "emptied": try handle.truncate(atOffset: 0)
        default:
          try handle.seekToEnd()
          try handle.write(contentsOf: Data([0]))
        }
        try handle.close()
        for name in file.names where try file.shape(of: name).allSatisfy({ $0 > 0 }) {
          #expect(
            throws: CheckpointError.unreadable(path: url.path, reason: "it was changed while it was read"),
            "\(change) \(name)"
          ) { try file.tensor(named: name) }
        }
      }
    }
  }

  /// A file that another takes the place of, as programs save, stays what it was for those who opened it.
  @Test func filesThatAreReplacedAreReadToTheEnd() throws {
    try withTemporaryFolder { folder throws in
      let url = folder.appendingPathComponent("file")
      try Data(CheckpointReference.bytes("zip-state.pth")).write(to: url)
      let file = try openTensorFile(url.path)
      try AtomicWriting.write(Data("other".utf8), to: url)
      try CheckpointReference.expect(file, hasTensorsOf: "zip-state.pth")
    }
  }

  @Test func missingFilesAndFoldersAreNamed() throws {
    #expect(throws: CheckpointError.unreadable(path: "/nowhere/w.pth", reason: "there is no such file")) {
      try openTensorFile("/nowhere/w.pth")
    }
    let folder = Fixtures.path("checkpoints")
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(folder) }
    guard case .unreadable(folder, _)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
  }
}
