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

  @Test func newerPyTorchFilesSayWhatToDo() {
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(CheckpointReference.path("zip.pth")) }
    #expect(error?.description.contains("save it as safetensors") == true)
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
