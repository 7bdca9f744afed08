import Checkpoints
import Dispatch
public import Foundation
import Images
import Locking
import Synchronization

/// A procedural data set in MVTec AD's layout: three products, good and defective, with exact masks.
///
/// The same seed gives the same pictures on every machine, whatever the number of threads.
public struct SampleDataset: Sendable {
  public static let standardSeed: UInt64 = 1

  let seed: UInt64
  let plan: SamplePlan
  let threads: Int

  public init(seed: UInt64 = Self.standardSeed) {
    self.init(seed: seed, plan: SamplePlan(), threads: ProcessInfo.processInfo.activeProcessorCount)
  }

  init(seed: UInt64, plan: SamplePlan, threads: Int) {
    self.seed = seed
    self.plan = plan
    self.threads = max(threads, 1)
  }

  /// Writes the whole data set, or nothing.
  ///
  /// - folder: made anew; an empty one is taken, one with something in it is refused.
  /// - progress: called on this thread with the pictures done and all pictures; what it throws stops the writing.
  /// - Throws: ``SampleDataError``, or what `progress` throws; nothing of the data set is left then.
  public func write(to folder: URL, progress: (Int, Int) throws -> Void) throws {
    let target = URL(fileURLWithPath: folder.standardizedFileURL.path)
    try Self.checkFree(target)
    do {
      try AtomicWriting.writeFolder(at: target) { try fill($0, progress) }
    } catch let CheckpointError.unwritable(path, reason) {
      throw SampleDataError.unwritable(path: path, reason: reason)
    }
  }

  private static func checkFree(_ folder: URL) throws(SampleDataError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else { throw .unwritable(path: folder.path, reason: "it is a file") }
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
      throw .unwritable(path: folder.path, reason: "the folder cannot be read")
    }
    guard names.isEmpty else { throw .occupied(path: folder.path) }
  }

  private func fill(_ folder: URL, _ progress: (Int, Int) throws -> Void) throws {
    let pictures = plan.pictures
    let folders = Set(pictures.flatMap { [$0.path] + ($0.maskPath.map { [$0] } ?? []) }.map(Self.parent))
    for name in folders.sorted() {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
    }
    try progress(0, pictures.count)
    // A few pictures a thread at a time: then this thread may report, and be told to stop.
    var done = 0
    while done < pictures.count {
      let batch = pictures[done..<min(done + threads * 4, pictures.count)]
      try writeBatch(Array(batch), to: folder)
      done += batch.count
      try progress(done, pictures.count)
    }
  }

  private func writeBatch(_ pictures: [SamplePlan.Picture], to folder: URL) throws {
    let next = Atomic(0)
    let failure = Locked<(any Error)?>(nil)
    DispatchQueue.concurrentPerform(iterations: min(threads, pictures.count)) { _ in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < pictures.count else { return }
        do { try write(pictures[index], to: folder) } catch { failure.withLock { $0 = $0 ?? error } }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func write(_ picture: SamplePlan.Picture, to folder: URL) throws {
    let specimen = try plan.specimen(picture, seed: seed)
    try save(specimen.image, level: 1, folder.appendingPathComponent(picture.path))
    if let maskPath = picture.maskPath, let mask = specimen.mask {
      try save(mask.image, level: 6, folder.appendingPathComponent(maskPath))
    }
  }

  private func save(_ image: Image, level: Int, _ url: URL) throws {
    // The folder is renamed when all is there: files need no care of their own.
    do { try image.pngData(level: level).write(to: url) } catch let error as CocoaError {
      throw SampleDataError.unwritable(path: url.path, reason: error.localizedDescription)
    }
  }

  private static func parent(_ path: String) -> String { path.split(separator: "/").dropLast().joined(separator: "/") }
}
