import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("The cache of programs, as files")
struct ProgramCacheTests {
  private static let key = ProgramKey(file: "a", source: "s", options: "-o", driver: "d", environment: [:])
  private let key = Self.key

  @Test func everythingThatChangesTheCodeChangesTheKey() {
    let others = [
      ProgramKey(file: "b", source: "s", options: "-o", driver: "d", environment: [:]),
      ProgramKey(file: "a", source: "s ", options: "-o", driver: "d", environment: [:]),
      ProgramKey(file: "a", source: "s", options: "-p", driver: "d", environment: [:]),
      ProgramKey(file: "a", source: "s", options: "-o", driver: "e", environment: [:]),
      ProgramKey(file: "a", source: "s", options: "-o", driver: "d", environment: ["POCL_VECTORIZER": "1"]),
      ProgramKey(file: "a", source: "s", options: "-o", driver: "d", environment: ["POCL_VECTORIZER": "2"]),
    ]
    #expect(Set((others + [key]).map(\.hash)).count == others.count + 1)
    let same = ProgramKey(
      file: "a", source: "s", options: "-o", driver: "d",
      environment: ["PATH": "/bin", "POCL_CACHE_DIR": "/cache", "POCL_AFFINITY": "1"])
    #expect(same.hash == key.hash)
  }

  @Test(arguments: [1, 1000, 1 << 20])
  func binariesComeBack(_ count: Int) throws {
    try withTemporaryFolder { folder in
      let cache = ProgramCache(folder: folder.appendingPathComponent("flawless/programs"))
      let binary = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      #expect(cache.binary(for: key) == nil)
      cache.store(binary, for: key)
      #expect(cache.binary(for: key) == binary)
      let other = ProgramKey(file: "a", source: "t", options: "-o", driver: "d", environment: [:])
      #expect(cache.binary(for: other) == nil)
      let attributes = try FileManager.default.attributesOfItem(atPath: cache.folder.path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
      #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder.path) == [key.hash])
    }
  }

  /// What can happen to a file, by name.
  private static let damages: [(name: String, change: @Sendable (Data) -> Data)] = [
    ("empty", { _ in Data() }), ("half of it", { $0.prefix($0.count / 2) }), ("one byte less", { $0.dropLast() }),
    ("one byte more", { $0 + [0] }), ("the payload alone", { $0.suffix(500) }),
    ("the first byte", { flipped($0, at: 0) }), ("a byte of the length", { flipped($0, at: 18) }),
    ("a byte of the hash", { flipped($0, at: 40) }), ("a byte of the key", { flipped($0, at: 150) }),
    ("a byte of the payload", { flipped($0, at: $0.count - 100) }),
    ("the last byte", { flipped($0, at: $0.count - 1) }),
  ]

  private static func flipped(_ data: Data, at index: Int) -> Data {
    var bytes = [UInt8](data)
    bytes[index] ^= 4
    return Data(bytes)
  }

  @Test(arguments: damages.indices)
  func damagedFilesAreDeleted(_ index: Int) throws {
    try withTemporaryFolder { folder in
      let cache = ProgramCache(folder: folder)
      cache.store(Data(repeating: 7, count: 500), for: key)
      let file = folder.appendingPathComponent(key.hash)
      try Self.damages[index].change(Data(contentsOf: file)).write(to: file)
      #expect(cache.binary(for: key) == nil, "\(Self.damages[index].name)")
      #expect(!FileManager.default.fileExists(atPath: file.path), "\(Self.damages[index].name)")
    }
  }

  @Test func aFileUnderAnotherKeysNameIsDeleted() throws {
    try withTemporaryFolder { folder in
      let cache = ProgramCache(folder: folder)
      let other = ProgramKey(file: "a", source: "t", options: "-o", driver: "d", environment: [:])
      cache.store(Data([1, 2]), for: other)
      let file = folder.appendingPathComponent(key.hash)
      try FileManager.default.moveItem(at: folder.appendingPathComponent(other.hash), to: file)
      #expect(cache.binary(for: key) == nil)
      #expect(!FileManager.default.fileExists(atPath: file.path))
    }
  }

  @Test func aFolderThatCannotBeMadeIsNotUsed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("file")
      try Data([1]).write(to: file)
      for path in [file, file.appendingPathComponent("programs")] {
        let cache = ProgramCache(folder: path)
        cache.store(Data([1]), for: key)
        #expect(cache.binary(for: key) == nil)
      }
      #expect(try Data(contentsOf: file) == Data([1]))
    }
  }

  /// A binary is code: what others could have put there is not run.
  @Test func aFolderThatOthersMayWriteIsNotUsed() throws {
    try withTemporaryFolder { folder in
      let cache = ProgramCache(folder: folder)
      cache.store(Data([1]), for: key)
      try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
      #expect(cache.binary(for: key) == nil)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
      #expect(cache.binary(for: key) == Data([1]))
    }
  }

  @Test func theLongestUnusedFilesGoFirst() throws {
    try withTemporaryFolder { folder in
      let cache = ProgramCache(folder: folder, capacity: 5000)
      let keys = (0..<4).map {
        ProgramKey(file: "\($0)", source: "s", options: "", driver: "", environment: [:])
      }
      for (age, key) in keys.enumerated().dropLast() {
        cache.store(Data(repeating: UInt8(age), count: 1000), for: key)
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: Double(age) * 100 - 1000)],
          ofItemAtPath: folder.appendingPathComponent(key.hash).path)
      }
      // The oldest is used, so the second one goes: 4 files take more than 5000 bytes with their headers.
      #expect(cache.binary(for: keys[0]) != nil)
      cache.store(Data(repeating: 3, count: 2000), for: keys[3])
      #expect(keys.map { cache.binary(for: $0) != nil } == [true, false, true, true])
      // More than the capacity is not stored, and drives nothing out.
      cache.store(Data(repeating: 3, count: 6000), for: keys[1])
      #expect(keys.map { cache.binary(for: $0) != nil } == [true, false, true, true])
    }
  }

  /// Two processes write and read one file: each finds nothing, or all of what one of them wrote.
  @Test func processesShareTheFolder() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-test-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    async let first: Void = writeAndRead(in: folder.path, 1)
    async let second: Void = writeAndRead(in: folder.path, 2)
    _ = await (first, second)
    #expect(ProgramCache(folder: folder).binary(for: key)?.count == 100_000)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [key.hash])
  }

  private func writeAndRead(in folder: String, _ value: Int) async {
    await #expect(processExitsWith: .success) { [folder, value] in
      let cache = ProgramCache(folder: URL(fileURLWithPath: folder))
      let key = ProgramKey(file: "a", source: "s", options: "-o", driver: "d", environment: [:])
      for _ in 0..<100 {
        cache.store(Data(repeating: UInt8(value), count: 100_000), for: key)
        let found = try #require(cache.binary(for: key))
        #expect(found.count == 100_000 && found.allSatisfy { $0 == found.first })
      }
    }
  }
}
