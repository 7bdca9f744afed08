import CLoops
package import Compute
import Foundation

/// What the machine can do, through C loops on all threads.
extension CPUDevice: RoofKernels {
  package var roofScratchCount: Int { threads * Self.roofLine }

  /// Floats of one thread's part of the scratch array: small enough for the first cache, and no line shared.
  private static let roofLine = 1024

  package func roofMultiplyAdd(rounds: Int, _ scratch: Storage) throws -> Int {
    let tasks = threads
    // Every task does the same, so the first one's count is each one's; that one alone writes it.
    nonisolated(unsafe) var count = 0
    parallel(tasks) { task in
      let done = fl_roof_multiply_add(scratch.pointer + task * Self.roofLine, rounds, 0.5, 0.25)
      if task == 0 { count = done }
    }
    return count * tasks
  }

  package func roofExponential(rounds: Int, _ scratch: Storage) throws -> Int {
    let half = Self.roofLine / 2
    let passes = max(rounds / 4, 1)
    let map = loops.pointee.map
    parallel(threads) { task in
      let x = scratch.pointer + task * Self.roofLine
      for _ in 0..<passes { map(Int32(FL_EXPONENTIAL), x, x + half, half) }
    }
    return threads * passes * half
  }

  package func roofCopy(_ x: Storage, into y: Storage) throws {
    parallel(x.count, chunk: max(x.count / threads, roofStrip)) { range in
      memcpy(y.pointer + range.lowerBound, x.pointer + range.lowerBound, 4 * range.count)
    }
  }

  package func roofRead(_ x: Storage, into scratch: Storage) throws {
    parallel(x.count, chunk: max(x.count / threads, roofStrip)) { range in
      let sum = fl_roof_sum(x.pointer + range.lowerBound, range.count)
      // Never true, which the compiler cannot know.
      if sum < -1e30 { scratch.pointer[0] = sum }
    }
  }

  package func roofEmpty(_ scratch: Storage) throws { parallel(threads) { _ in } }
}
