import Foundation
import HostileFiles

/// One reader and the changed files it was given.
struct FuzzCampaign {
  private let reader: ByteReader
  private let seeds: [[UInt8]]
  /// What is read first: the good files, which must be read unless they are refused for what they hold, and bad ones.
  private let first: [[UInt8]]
  private let current: CurrentFile
  private var memory = MemoryWatch()
  private var mutator: Mutator
  /// Changed files that were read: changed again, they may reach further.
  private var pool: [[UInt8]]
  private(set) var files = 0
  private var refused = 0
  private var reasons: Set<String> = []
  private var slowest = Duration.zero
  private var largest = 0

  init(_ reader: ByteReader, seed: Int, current: CurrentFile) throws {
    self.reader = reader
    self.current = current
    seeds = try reader.seedBytes()
    first = seeds + MalformedFile.all.filter { $0.reader == reader.name }.map(\.bytes)
    pool = seeds
    mutator = Mutator(seed: seed)
  }

  /// Reads one more file; what is wrong, or nil.
  mutating func step() -> String? {
    let bytes = files < first.count ? first[files] : mutator.mutated(pool[mutator.pick(pool.count)], others: seeds)
    files += 1
    current.write(bytes)
    alarm(30)
    memory.begin()
    let start = ContinuousClock.now
    let outcome = reader.read(bytes, path: "file")
    slowest = max(slowest, ContinuousClock.now - start)
    let taken = memory.taken()
    alarm(0)
    largest = max(largest, taken)
    guard taken <= reader.memory(bytes.count) else {
      return "\(taken) bytes of memory for a file of \(bytes.count), allowed are \(reader.memory(bytes.count))"
    }
    switch outcome {
    case .wrong(let reason): return reason
    case .refused(let reason):
      refused += 1
      reasons.insert(reason.filter { !$0.isNumber })
    case .read:
      if pool.count < 500, bytes.count < 1 << 16 { pool.append(bytes) }
    }
    return nil
  }

  var summary: String {
    let milliseconds = Int(slowest / .milliseconds(1))
    return "\(reader.name): \(files) files, \(refused) refused for \(reasons.count) reasons, \(files - refused) read, "
      + "slowest \(milliseconds) ms, most memory \(largest >> 10) KB"
  }
}

/// The file that is being read, on disk, so that it outlives a crash.
struct CurrentFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-fuzz-\(getpid())").path
  private let descriptor: Int32

  init() { descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600) }

  func write(_ bytes: [UInt8]) {
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count, ftruncate(descriptor, off_t(bytes.count)) == 0
    else {
      print("cannot write \(path)")
      exit(2)
    }
  }

  func remove() { unlink(path) }
}
