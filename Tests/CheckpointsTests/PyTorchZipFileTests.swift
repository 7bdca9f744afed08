import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("PyTorch's format since 1.6")
struct PyTorchZipFileTests {
  @Test(arguments: [
    "zip-state.pth", "zip-halves.pth", "zip-rare-types.pth", "zip-nested.pth", "zip-model.pth", "zip-deflated.pth",
    "zip-descriptors.pth", "zip-zip64.pth", "zip-big-endian.pth",
  ])
  func everyTensorEqualsPyTorch(_ name: String) throws {
    for policy in [PicklePolicy.strict, .inert] {
      let file = try openTensorFile(CheckpointReference.path(name), policy: policy)
      try CheckpointReference.expect(file, hasTensorsOf: name)
    }
    #expect(try PyTorchZipFile(path: CheckpointReference.path(name)).opaque.isEmpty)
  }

  @Test(arguments: ["torchscript.pt", "lightning.ckpt", "lightning-legacy.ckpt", "module.pth"])
  func whatOnlyTheInertModeReadsEqualsPyTorch(_ name: String) throws {
    let path = CheckpointReference.path(name)
    try CheckpointReference.expect(openTensorFile(path, policy: .inert), hasTensorsOf: name)
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(path) }
    #expect(error?.description.contains(name == "torchscript.pt" ? "TorchScript" : "it refers to '") == true)
    #expect(error?.description.contains("'flawless weights add --inert FILE' takes the tensors out") == true)
  }

  @Test func opaqueNamesAreCounted() throws {
    let lightning = try PyTorchZipFile(path: CheckpointReference.path("lightning.ckpt"), policy: .inert)
    // The memo names a class once, however often it is used.
    #expect(
      lightning.opaque == [
        "pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint": 1, "pathlib PurePosixPath": 1,
        "collections defaultdict": 1, "builtins list": 1,
      ])
    let script = try PyTorchZipFile(path: CheckpointReference.path("torchscript.pt"), policy: .inert)
    #expect(script.opaque.keys.allSatisfy { $0.hasPrefix("__torch__") })
    #expect(script.opaque.count >= 4)
  }

  @Test(arguments: ["hostile-os-system.pth", "hostile-eval.pth", "hostile-in-state-dict.pth"])
  func theInertModeCallsNothing(_ name: String) {
    // What is left of such a file holds no tensors.
    let error = #expect(throws: CheckpointError.self) {
      try openTensorFile(CheckpointReference.path(name), policy: .inert)
    }
    #expect(error?.description.contains("it holds no") == true)
    #expect(!FileManager.default.fileExists(atPath: "/tmp/flawless-was-here"))
  }

  @Test func complexTensorsAreRefusedAloneOthersAreRead() throws {
    let file = try openTensorFile(CheckpointReference.path("zip-complex.pth"))
    #expect(try file.tensor(named: "a").values == [1, 1])
    #expect(try file.shape(of: "complex") == [2])
    let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "complex") }
    #expect(error?.description.contains("the tensor 'complex' has complex numbers") == true)
  }

  @Test(arguments: [("zip-quantised.pth", "quantised tensors"), ("zip-sparse.pth", "sparse tensors")])
  func otherKindsOfTensorsAreRefusedByName(_ file: (name: String, kind: String)) throws {
    let path = CheckpointReference.path(file.name)
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(path) }
    guard case .unsupported(path, let offset?, let reason)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(reason.hasPrefix(file.kind) && offset > 0)
    // The inert mode steps over them.
    let inert = try openTensorFile(path, policy: .inert)
    #expect(inert.names.contains("a"))
    #expect(try inert.tensor(named: "a").values == [1, 1])
  }

  @Test func damagedValuesAreSeenByTheirChecksum() throws {
    let object = PickleBytes.dictionary([("a", PickleBytes.tensor(PickleBytes.storage("0", 2), extent: 2))])
    var bytes = PickleBytes.zipFile(object, storages: [("0", [1, 2])])
    #expect(try openTensorFile(bytes, path: "f").tensor(named: "a").values == [1, 2])
    let place = try #require(bytes.indices.dropLast(3).first { Array(bytes[$0..<($0 + 4)]) == [0, 0, 0x80, 0x3F] })
    bytes[place + 3] = 0xBF
    let file = try openTensorFile(bytes, path: "f")
    let error = #expect(throws: CheckpointError.self) { try file.tensor(named: "a") }
    #expect(error?.description.contains("'w/data/0' has a wrong checksum") == true)
    // PyTorch can leave checksums out; the inert mode does not ask.
    #expect(try openTensorFile(bytes, path: "f", policy: .inert).tensor(named: "a").values == [-1, 2])
  }

  @Test func placesInThePickleArePlacesInTheFile() throws {
    let bytes = PickleBytes.zipFile(Array("cposix\nsystem\n".utf8))
    let error = #expect(throws: CheckpointError.self) { try openTensorFile(bytes, path: "f") }
    guard case .unsupported("f", let offset?, _)? = error else {
      Issue.record("another error: \(String(describing: error))")
      return
    }
    #expect(Array(bytes[offset...].prefix(13)) == Array("cposix\nsystem".utf8))
  }

  @Test func modulesPrefixesCanBeDropped() throws {
    let file = try openTensorFile(CheckpointReference.path("torchscript.pt"), policy: .inert)
    let layers = try file.droppingPrefix("layers.")
    #expect(layers.names == file.names.filter { $0.hasPrefix("layers.") }.map { String($0.dropFirst(7)) })
    #expect(try layers.tensor(named: "0.weight") == file.tensor(named: "layers.0.weight"))
    #expect(try layers.shape(of: "0.weight") == [4, 3])
    #expect(throws: CheckpointError.missing(path: file.path, name: "layers.x")) { try layers.tensor(named: "x") }
    #expect(throws: CheckpointError.missing(path: file.path, name: "model.")) { try file.droppingPrefix("model.") }
  }
}
