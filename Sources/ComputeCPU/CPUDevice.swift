import CLoops
import COpenBLAS
public import Compute
import Foundation

/// The CPU path: OpenBLAS for matrix products, C loops for the rest.
///
/// Threads are ours: a problem is cut into tasks fixed by its shape alone, each computed by one thread with
/// single-threaded BLAS calls, so results do not depend on the number of threads.
public final class CPUDevice: Device, PartitionedMemory {
  public let traits: DeviceTraits
  /// Threads that work on one operation.
  public let threads: Int
  private let workers: ThreadPool
  private let pool: BufferPool

  /// - threads: one a core unless given; at most one a core or 64, for more of them only cost
  /// - memoryLimit: bytes that arrays may take
  public init(threads: Int? = nil, memoryLimit: Int? = nil) {
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let threads = min(max(threads ?? cores, 1), max(cores, Self.mostThreads))
    self.threads = threads
    workers = ThreadPool(threads: threads)
    openblas_set_num_threads(1)
    let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown core"
    let memory = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    traits = DeviceTraits(
      name: "OpenBLAS\(Self.version), \(core), \(Self.instructionSet), \(threads) thread\(threads == 1 ? "" : "s")",
      kind: .blas, vendor: "OpenBLAS", driver: "OpenBLAS\(Self.version)", computeUnits: threads, globalMemory: memory,
      largestBuffer: memory, vectorWidth: Self.instructionSet == "AVX-512" ? 16 : 8)
    pool = BufferPool(
      limit: memoryLimit,
      make: { size in
        var pointer: UnsafeMutableRawPointer?
        let isLarge = size >= 8 * Self.hugePage
        guard posix_memalign(&pointer, isLarge ? Self.hugePage : 64, size) == 0, let pointer else { return nil }
        // Advice only: packed weights of many megabytes are read once a pass, and small pages take a look-up every 4 KiB. Smaller
        // arrays would waste more memory between them than that is worth.
        #if os(Linux)
          if isLarge { madvise(pointer, size, MADV_HUGEPAGE) }
        #endif
        return DeviceMemory(OpaquePointer(pointer))
      }, destroy: { free(UnsafeMutableRawPointer($0.pointer)) })
  }

  private static let mostThreads = 64
  private static let hugePage = 2 << 20
  private static let instructionSet = String(cString: loops.pointee.instruction_set())

  /// " 0.3.21", or nothing where the library does not say.
  private static let version: String = {
    let words = openblas_get_config().map { String(cString: $0).split(separator: " ") } ?? []
    return words.count > 1 && words[0] == "OpenBLAS" ? " \(words[1])" : ""
  }()

  public var description: String { "cpu (\(traits.name))" }
  public var memoryUse: MemoryUse { pool.use }

  public func allocate(byteCount: Int) throws -> DeviceMemory {
    let memory = try pool.allocate(byteCount: byteCount)
    #if DEBUG
      loops.pointee.fill(memory.floats, byteCount / 4, .nan)
    #endif
    return memory
  }

  public func release(_ memory: DeviceMemory, byteCount: Int) { pool.release(memory, byteCount: byteCount) }

  /// Floats and integers need no more than their own size, whatever vectors the loops use.
  package var partAlignment: Int { MemoryLayout<Float>.alignment }

  package func part(of memory: DeviceMemory, at offset: Int, byteCount: Int) throws -> DeviceMemory {
    DeviceMemory(OpaquePointer(UnsafeMutableRawPointer(memory.pointer) + offset))
  }

  package func releasePart(_ part: DeviceMemory) {}

  public func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws {
    guard let source = bytes.baseAddress else { return }
    memcpy(target.floats, source, bytes.count)
  }

  public func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let target = bytes.baseAddress else { return }
    memcpy(target, source.floats, bytes.count)
  }

  /// Every call has done its work when it returns.
  public func synchronize() throws {}

  /// Runs `body(0) … body(tasks − 1)` on the threads. Tasks must write to disjoint places.
  func parallel(_ tasks: Int, _ body: (Int) -> Void) { workers.run(tasks) { _, task in body(task) } }

  /// See ``ThreadPool/mirrored(_:of:)``.
  func mirrored(_ task: Int, of tasks: Int) -> Int { workers.mirrored(task, of: tasks) }

  /// The same with `scratchCount` floats for each thread.
  func parallel(_ tasks: Int, scratchCount: Int, _ body: (Int, UnsafeMutablePointer<Float>) -> Void) {
    // Threads on lines of the cache of their own.
    let stride = (scratchCount + 31) / 16 * 16
    withScratch(stride * threads) { scratch in
      workers.run(tasks) { thread, task in body(task, scratch + thread * stride) }
    }
  }

  /// Cuts `0 ..< count` into chunks of `size` and runs them on the threads.
  func parallel(_ count: Int, chunk size: Int, _ body: (Range<Int>) -> Void) {
    let size = max(size, 1)
    parallel((count + size - 1) / size) { body(($0 * size)..<min(($0 + 1) * size, count)) }
  }

  /// Elements a task of an element-wise loop: enough to outweigh its start.
  static let elementsPerTask = 1 << 15
}

extension DeviceMemory {
  /// The memory as floats: host addresses are what this device hands out.
  var floats: UnsafeMutablePointer<Float> { UnsafeMutablePointer(pointer) }
}

extension DeviceArray {
  /// The array's elements, valid while the array lives: callers hold it for the whole operation.
  var pointer: UnsafeMutablePointer<Element> { UnsafeMutablePointer(memory.pointer) }
}

/// Scratch memory of one task, on a line of the cache, freed when the closure returns.
func withScratch<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
  let scratch = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
  defer { scratch.deallocate() }
  return body(scratch.bindMemory(to: Float.self, capacity: max(count, 1)))
}
