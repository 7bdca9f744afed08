import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("Files that break their format")
struct HostileFilesTests {
  @Test func thereAreManyAndNoTwoHaveOneName() {
    #expect(MalformedFile.all.count >= 200)
    #expect(Set(MalformedFile.all.map(\.description)).count == MalformedFile.all.count)
    for reader in ["weights, strict", "safetensors", "zip", "pictures"] {
      #expect(MalformedFile.all.count { $0.reader == reader } >= 40, "\(reader)")
    }
  }

  /// Its own reader refuses each, in a sentence that names the file; all others read or refuse it.
  @Test func everyReaderGivesItsTypedError() throws {
    for file in MalformedFile.all {
      #expect(ByteReader.all.contains { $0.name == file.reader })
      for reader in ByteReader.all {
        switch reader.read(file.bytes, path: "/the/file") {
        case .read: #expect(reader.name != file.reader, "\(file) was read")
        case .refused: break
        case .wrong(let reason): Issue.record("\(file), read as \(reader.name): \(reason)")
        }
      }
    }
  }

  /// The same through the file system, with the bytes mapped.
  @Test func mappedFilesGiveTheSameErrors() throws {
    try withTemporaryFolder { folder throws in
      let path = folder.appendingPathComponent("file").path
      for file in MalformedFile.all where file.reader == "weights, strict" || file.reader == "safetensors" {
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        func error(_ open: () throws -> any TensorFile) throws -> CheckpointError? {
          #expect(throws: CheckpointError.self, "\(file)") {
            let opened = try open()
            for name in opened.names { _ = try opened.tensor(named: name) }
          }
        }
        let mapped = try error { try openTensorFile(path) }
        let copied = try error { try openTensorFile(file.bytes, path: path) }
        #expect(mapped == copied, "\(file)")
      }
    }
  }

  /// Most say where.
  @Test func errorsNameTheByte() {
    let reader = ByteReader.all[0]
    let errors = MalformedFile.all.filter { $0.reader == reader.name }.map { reader.read($0.bytes, path: "/the/file") }
    let placed = errors.count { if case .refused(let text) = $0 { text.contains("(at byte ") } else { false } }
    #expect(Double(placed) >= 0.8 * Double(errors.count), "\(placed) of \(errors.count)")
  }

  @Test func goodFilesAreRead() throws {
    for reader in ByteReader.all {
      for (name, bytes) in zip(reader.seeds, try reader.seedBytes()) where !name.hasSuffix("cmyk.jpg") {
        #expect(reader.read(bytes, path: "/the/file") == .read, "\(name)")
      }
    }
  }

  /// Changed files for a time: 20 seconds, or what FLAWLESS_FUZZ_SECONDS says. In a program of its own, so that a crash
  /// is seen, and memory counted.
  @Test func changedFilesCrashNoReader() throws {
    let seconds = ProcessInfo.processInfo.environment["FLAWLESS_FUZZ_SECONDS"].flatMap(Double.init) ?? 20
    let seed = ProcessInfo.processInfo.environment["FLAWLESS_FUZZ_SEED"] ?? "1"
    let outcome = try ProgramRun("fuzz-readers", ["\(seconds)", seed]).wait(seconds: seconds + 300)
    #expect(outcome.status == 0, "\(outcome.output)\(outcome.errors.suffix(4000))")
    print(outcome.output)
    for reader in ByteReader.all { #expect(outcome.output.contains("\(reader.name): ")) }
  }
}
