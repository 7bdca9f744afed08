import CLoops
import Compute
import ComputeCPU
import Foundation
import Locking
import Testing

/// The CPU path's threads.
struct ThreadPoolTests {
  @Test(arguments: [1, 2, 5], [0, 1, 2, 3, 1000])
  func everyTaskRunsOnce(threads: Int, tasks: Int) {
    let pool = ThreadPool(threads: threads)
    for _ in 0..<20 { #expect(counts(pool, tasks) == Array(repeating: 1, count: tasks)) }
  }

  /// Two tasks that wait for each other end only if two threads run them, also when one of them slept.
  @Test(arguments: [0, 0.001, 0.05]) func tasksRunAtTheSameTime(pause: Double) {
    let pool = ThreadPool(threads: 2)
    for _ in 0..<5 {
      Thread.sleep(forTimeInterval: pause)
      #expect(together(pool, 2) { true } == [0: true, 1: true])
    }
  }

  /// A thread woken on its waker's processor would wait for it: whichever that is, the others are kept off.
  @Test(.enabled(if: processors.count > 1, "one processor")) func wokenThreadsKeepOffTheCaller() async {
    await withCheckedContinuation { done in
      Thread {
        let pool = ThreadPool(threads: 3)
        _ = together(pool, 3) { 0 }
        for processor in processors.prefix(3) {
          fl_keep_off(fl_thread(), Int32(processor))
          Thread.sleep(forTimeInterval: 0.005)
          var callers = [Int(fl_processor())]
          let forbidden = together(pool, 3) { processors.filter { fl_may_run_on(fl_thread(), Int32($0)) == 0 } }
          callers.append(Int(fl_processor()))
          #expect(!callers.contains(processor) && forbidden[0] == [processor])
          for thread in 1...2 { #expect(callers.map { [$0] }.contains(forbidden[thread])) }
        }
        done.resume()
      }.start()
    }
  }

  /// What a thread wrote in one loop lies in its own core's cache when the next loop goes through the same array.
  @Test(arguments: [3, 7, 30]) func everyThreadBeginsWithItsOwnPart(tasks: Int) {
    let pool = ThreadPool(threads: 3)
    let first = Locked<[Int: Int]>([:])
    pool.run(tasks) { thread, task in
      first.withLock { $0[thread] = $0[thread] ?? task }
      let deadline = Date(timeIntervalSinceNow: 10)
      while first.withLock({ $0.count }) < 3, Date() < deadline { Thread.sleep(forTimeInterval: 0.0001) }
    }
    #expect(first.withLock { $0 } == [0: 0, 1: tasks / 3, 2: 2 * tasks / 3])
  }

  @Test(arguments: [1, 2, 3, 7, 30]) func mirroredTasksStayInTheirPart(tasks: Int) {
    let pool = ThreadPool(threads: 3)
    let parts = (0..<3).map { $0 * tasks / 3..<($0 + 1) * tasks / 3 }
    for part in parts where !part.isEmpty {
      #expect(part.map { pool.mirrored($0, of: tasks) } == part.reversed())
    }
  }

  @Test func loopsInsideOfLoopsRun() {
    let pool = ThreadPool(threads: 3)
    let sum = Locked(0)
    pool.run(7) { _, outer in pool.run(5) { _, inner in sum.withLock { $0 += outer * 5 + inner } } }
    #expect(sum.withLock { $0 } == (0..<35).reduce(0, +))
  }

  @Test func callersAtOnceDoNotDisturbEachOther() async {
    let pool = ThreadPool(threads: 3)
    await withTaskGroup(of: Bool.self) { group in
      for caller in 1...8 {
        group.addTask {
          (0..<50).allSatisfy { _ in counts(pool, 10 * caller) == Array(repeating: 1, count: 10 * caller) }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  /// A number from the command line may be any: the system would refuse so many threads.
  @Test func noMoreThreadsThanHelp() throws {
    let device = CPUDevice(threads: 1_000_000)
    #expect((64...4096).contains(device.threads))
    let x = try Storage([Float](repeating: -1, count: 100_000), on: device)
    try device.activate(.relu, x, into: x)
    #expect(try x.values().allSatisfy { $0 == 0 })
  }

  /// Where threads are more than panels, Winograd's few tiles are taken by blocks, and read weights that were transformed before.
  @Test(arguments: [ConvolutionAlgorithm.winograd2, .winograd4])
  func theNumberOfThreadsChangesNoBits(algorithm: ConvolutionAlgorithm) throws {
    let p = try ConvolutionProblem(
      input: [1, 7, 9, 48], weight: [3, 3, 48, 70], padding: 1, algorithm: algorithm)
    let results = try [1, 2, 16].map { threads in
      let device = CPUDevice(threads: threads)
      let x = try Storage((0..<p.inputCount).map { sin(Float($0)) }, on: device)
      let w = try Storage((0..<p.weightCount).map { cos(Float($0) * 0.37) }, on: device)
      let y = try Storage(count: p.outputCount, on: device)
      try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
      return try y.values()
    }
    #expect(results[0] == results[1] && results[0] == results[2] && Set(results[0]).count > 1000)
  }

  /// Threads hold nothing of a pool that is gone, also where they have gone to sleep.
  @Test func poolsComeAndGo() {
    for pause in 0..<50 {
      let pool = ThreadPool(threads: 3)
      #expect(counts(pool, 9) == Array(repeating: 1, count: 9))
      if pause % 10 == 0 { Thread.sleep(forTimeInterval: 0.002) }
    }
  }
}

/// How often each task ran.
private func counts(_ pool: ThreadPool, _ tasks: Int) -> [Int] {
  let counts = Locked(Array(repeating: 0, count: tasks))
  pool.run(tasks) { _, task in counts.withLock { $0[task] += 1 } }
  return counts.withLock { $0 }
}

/// The processors that this process may use.
private let processors: [Int] = (0..<1024).filter { fl_may_run_on(getpid(), Int32($0)) == 1 }

/// What each of the threads says, when all have come to run a task at the same time.
private func together<Value: Sendable>(_ pool: ThreadPool, _ threads: Int, _ say: @Sendable () -> Value) -> [Int: Value]
{
  let said = Locked<[Int: Value]>([:])
  pool.run(threads) { thread, _ in
    let value = say()
    said.withLock { $0[thread] = value }
    let deadline = Date(timeIntervalSinceNow: 10)
    while said.withLock({ $0.count }) < threads, Date() < deadline { Thread.sleep(forTimeInterval: 0.0001) }
  }
  return said.withLock { $0 }
}
