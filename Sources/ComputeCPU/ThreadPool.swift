import CLoops
import Dispatch
import Foundation
import Locking
import Synchronization

/// Threads that share out the tasks of a loop with its caller, one loop after the other.
///
/// Operations of a network follow each other within microseconds, and to wake a thread takes tens of them: a thread without
/// a task looks out for the next loop for a while before it sleeps. The system may wake a thread on its waker's own processor
/// and leave both there for milliseconds: a caller keeps the threads off it.
package final class ThreadPool: Sendable {
  private let threads: Int
  private let loop: SharedLoop

  /// - threads: with the caller's own; at least 1
  package init(threads: Int) {
    self.threads = max(threads, 1)
    loop = SharedLoop(threads: self.threads)
    for index in 1..<self.threads {
      let thread = Thread { [loop] in loop.work(as: index) }
      thread.name = "flawless cpu \(index)"
      thread.start()
    }
  }

  deinit { loop.end() }

  /// Runs `body` with a number below `threads`, the same for all calls of one thread, and each of `0 ..< tasks` once. A loop
  /// inside of another, or beside one of another caller, runs on the caller alone.
  ///
  /// Each thread begins with its own part of the tasks, the first with the first, and then helps the others: in loops that go
  /// through the same array in the same order it finds what it wrote in its own cache. To fetch that from another core's
  /// takes longer than small operations do.
  package func run(_ tasks: Int, _ body: (_ thread: Int, _ task: Int) -> Void) {
    let hasRun = withoutActuallyEscaping(body) { threads > 1 && tasks > 1 && loop.run(tasks, $0) }
    if !hasRun { for task in 0..<tasks { body(0, task) } }
  }
}

extension ThreadPool {
  /// Where a thread's part of the tasks ends.
  fileprivate static func end(of thread: Int, _ threads: Int, _ tasks: Int) -> Int { (thread + 1) * tasks / threads }

  /// The task as far from the end of its thread's part as this one is from the beginning: for a loop that goes backwards
  /// through what an earlier one has left in each thread's cache.
  package func mirrored(_ task: Int, of tasks: Int) -> Int {
    let owner = ((task + 1) * threads - 1) / tasks
    return Self.end(of: owner - 1, threads, tasks) + Self.end(of: owner, threads, tasks) - 1 - task
  }
}

/// One loop at a time. A task is taken together with the number of its loop, so that who takes one finds that loop's body,
/// which stays until all tasks have ended.
private final class SharedLoop: Sendable {
  private let threads: Int
  /// By thread, each in a line of its own: the loop's number, and how many tasks of the thread's part nobody has taken: upper
  /// and lower 32 bits. Right because the memory lives as long as the loop, and holds nothing but atomics.
  private nonisolated(unsafe) let tickets: UnsafeMutablePointer<Atomic<UInt64>>
  private static let line = 16
  /// Of the last loop whose tickets are there.
  private let number = Atomic<UInt64>(0)
  private let finished = Atomic<Int>(0)
  private let isTaken = Atomic<Bool>(false)
  private let hasEnded = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let alarm = DispatchSemaphore(value: 0)
  /// The threads' numbers in the system, and the processor that they are kept off.
  private let systemNumbers = Locked<[Int32]>([])
  private let callersProcessor = Atomic<Int32>(-1)
  /// Right because both are written before the tickets are, and after the last task has ended, and read by who holds a task.
  private nonisolated(unsafe) var body: ((Int, Int) -> Void)?
  private nonisolated(unsafe) var count = 0

  /// Rounds of looking out, each of 20 to 40 ns: a tenth of a millisecond.
  private static let patience = 3000

  init(threads: Int) {
    self.threads = threads
    tickets = .allocate(capacity: threads * Self.line)
    for place in 0..<threads * Self.line { (tickets + place).initialize(to: Atomic(0)) }
  }

  deinit {
    tickets.deinitialize(count: threads * Self.line)
    tickets.deallocate()
  }

  /// False, and nothing has run, while another loop runs.
  func run(_ tasks: Int, _ body: @escaping (Int, Int) -> Void) -> Bool {
    guard UInt32(exactly: tasks) != nil,
      isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
    else { return false }
    defer { isTaken.store(false, ordering: .releasing) }
    (self.body, count) = (body, tasks)
    finished.store(0, ordering: .relaxed)
    let next = (number.load(ordering: .relaxed) + 1) & 0xffff_ffff
    for thread in 0..<threads {
      let part = UInt64(end(of: thread) - end(of: thread - 1))
      tickets[thread * Self.line].store(next << 32 | part, ordering: .releasing)
    }
    number.store(next, ordering: .sequentiallyConsistent)
    keepThreadsOff(fl_processor())
    wakeAll()
    // What the body captures lies on this thread's stack, and the others read it.
    fl_apart(
      { Unmanaged<SharedLoop>.fromOpaque($0).takeUnretainedValue().takeTasks(as: 0) },
      Unmanaged.passUnretained(self).toOpaque())
    var rounds = 0
    while finished.load(ordering: .acquiring) < tasks {
      rounds += 1
      if rounds < Self.patience { fl_pause() } else { sched_yield() }
    }
    self.body = nil
    return true
  }

  func work(as thread: Int) {
    systemNumbers.withLock { $0.append(fl_thread()) }
    callersProcessor.store(-1, ordering: .relaxed)
    var (rounds, seen) = (0, UInt64(0))
    while !hasEnded.load(ordering: .relaxed) {
      let number = number.load(ordering: .acquiring)
      if number != seen {
        takeTasks(as: thread)
        (rounds, seen) = (0, number)
      } else if rounds < Self.patience {
        rounds += 1
        fl_pause()
      } else {
        sleep(unlessAfter: seen)
        rounds = 0
      }
    }
  }

  func end() {
    hasEnded.store(true, ordering: .sequentiallyConsistent)
    wakeAll()
  }

  private func end(of thread: Int) -> Int { ThreadPool.end(of: thread, threads, count) }

  /// The thread's own, and then what the others have not come to.
  private func takeTasks(as thread: Int) {
    var done = 0
    for distance in 0..<threads {
      let owner = (thread + distance) % threads
      var ticket = tickets[owner * Self.line].load(ordering: .acquiring)
      while ticket & 0xffff_ffff > 0 {
        let (exchanged, original) = tickets[owner * Self.line].compareExchange(
          expected: ticket, desired: ticket - 1, ordering: .acquiringAndReleasing)
        if exchanged {
          perform(owner, Int(ticket & 0xffff_ffff), as: thread)
          done += 1
        }
        ticket = exchanged ? ticket - 1 : original
      }
    }
    if done > 0 { finished.add(done, ordering: .acquiringAndReleasing) }
  }

  /// Not inlined: it must have let go of `body` when the tasks count as finished, for the caller's closure ends then.
  @inline(never)
  private func perform(_ owner: Int, _ remaining: Int, as thread: Int) {
    guard let body else { preconditionFailure("A task was taken from a loop that has ended.") }
    body(thread, end(of: owner) - remaining)
  }

  /// Until there is work. Who sleeps says so before the last look for tasks, and tasks are there before the look for
  /// sleepers: one of the two sees the other.
  private func sleep(unlessAfter seen: UInt64) {
    sleepers.add(1, ordering: .sequentiallyConsistent)
    let hasWork = number.load(ordering: .sequentiallyConsistent) != seen
    if hasWork || hasEnded.load(ordering: .sequentiallyConsistent), leave() { return }
    alarm.wait()
  }

  /// Takes this thread off the sleepers; false when the alarm has been set for it already.
  private func leave() -> Bool {
    var asleep = sleepers.load(ordering: .relaxed)
    while asleep > 0 {
      let (exchanged, original) = sleepers.compareExchange(
        expected: asleep, desired: asleep - 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      asleep = original
    }
    return false
  }

  private func wakeAll() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    for _ in 0..<sleepers.exchange(0, ordering: .sequentiallyConsistent) { alarm.signal() }
  }

  /// Asked in every loop: the system may move the caller to where one of the threads is.
  private func keepThreadsOff(_ processor: Int32) {
    guard callersProcessor.load(ordering: .relaxed) != processor else { return }
    callersProcessor.store(processor, ordering: .relaxed)
    systemNumbers.withLock { for thread in $0 { fl_keep_off(thread, processor) } }
  }
}
