import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("PyTorch's format before 1.6")
struct LegacyPyTorchFileTests {
  @Test(arguments: [
    "legacy.pth", "legacy-nested.pth", "legacy-halves.pth", "legacy-view.pth", "legacy-python-2.pth",
  ])
  func everyTensorEqualsPyTorch(_ file: String) throws {
    try CheckpointReference.expect(openTensorFile(CheckpointReference.path(file)), hasTensorsOf: file)
    try CheckpointReference.expect(
      LegacyPyTorchFile(path: CheckpointReference.path(file)), hasTensorsOf: file)
  }

  @Test func tensorsKeepTheFilesOrder() throws {
    let names = try LegacyPyTorchFile(path: CheckpointReference.path("legacy.pth")).names
    #expect(names.prefix(4) == ["stem.weight", "depthwise.weight", "head.weight", "norm.num_batches_tracked"])
    #expect(names.count == 23)
  }

  @Test func whatIsMissingOrOfAnotherShapeIsNamed() throws {
    let path = CheckpointReference.path("legacy.pth")
    let file = try openTensorFile(path)
    #expect(throws: CheckpointError.missing(path: path, name: "x")) { try file.tensor(named: "x") }
    #expect(throws: CheckpointError.missing(path: path, name: "x")) { try file.shape(of: "x") }
    #expect(throws: CheckpointError.shape(path: path, name: "plain", expected: [3, 2], found: [2, 3])) {
      try file.tensor(named: "plain", shape: [3, 2])
    }
  }

  @Test(arguments: ["hostile-os-system.pth", "hostile-eval.pth", "hostile-in-state-dict.pth"])
  func callsOfForeignFunctionsAreRefusedByName(_ file: String) throws {
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(CheckpointReference.path(file)) }
    guard case .unsupported(_, _, let reason)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(reason.hasPrefix("it refers to '") && reason.contains("'flawless weights add --inert FILE'"))
    #expect(["posix system", "builtins eval", "builtins print"].contains { reason.contains("'\($0)'") })
    #expect(!FileManager.default.fileExists(atPath: "/tmp/flawless-was-here"))
  }

  @Test func filesCutOffAnywhereAreRefused() throws {
    let bytes = try CheckpointReference.bytes("legacy-nested.pth")
    try withTemporaryFolder { folder throws in
      for length in 0..<bytes.count {
        #expect(try !readsEverything(Array(bytes.prefix(length)), in: folder), "\(length) of \(bytes.count) bytes")
      }
      #expect(try readsEverything(bytes, in: folder))
      #expect(try !readsEverything(bytes + [0], in: folder))
    }
  }

  @Test(arguments: [1, 2])
  func mutatedFilesGiveTensorsOrTypedErrors(seed: Int) throws {
    let bytes = try CheckpointReference.bytes("legacy.pth")
    try withTemporaryFolder { folder throws in
      var mutations = Mutator(seed: seed)
      var refused = 0
      for _ in 0..<1000 where try !readsEverything(mutations.mutated(bytes), in: folder) { refused += 1 }
      #expect(refused > 300)
    }
  }
}
