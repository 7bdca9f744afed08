import Foundation
import Images
import Synchronization
import Testing

@Suite("Working ahead", .timeLimit(.minutes(1)))
struct PrefetchTests {
  struct Refused: Error, Equatable { let index: Int }

  /// Counts of the work; shared by reference.
  final class Record: Sendable {
    let started = Atomic<Int>(0)
    let ended = Atomic<Int>(0)
    let most = Atomic<Int>(0)
  }

  @Test(arguments: [0, 1, 3, 8], [1, 2, 7, 100])
  func resultsAndErrorsComeInOrder(_ threads: Int, _ ahead: Int) {
    let prefetch = Prefetch(count: 60, threads: threads, ahead: ahead) { index in
      // Later ones end earlier.
      usleep(UInt32(index * 7919 % 5) * 200)
      if index % 7 == 3 { throw Refused(index: index) }
      return index
    }
    var position = 0
    for result in prefetch {
      switch result {
      case .success(let value): #expect(value == position && position % 7 != 3)
      case .failure(let error): #expect(error as? Refused == Refused(index: position) && position % 7 == 3)
      }
      position += 1
    }
    #expect(position == 60)
    #expect(prefetch.next() == nil)
  }

  @Test func nothingIsDoneOfNothing() { #expect(Prefetch(count: 0) { $0 }.next() == nil) }

  @Test func theThreadsWorkAheadUpToTheBoundAndNoFurther() {
    let record = Record()
    let prefetch = Prefetch(count: 100, threads: 3, ahead: 5) { index in
      record.started.add(1, ordering: .sequentiallyConsistent)
      return index
    }
    for consumed in 0..<20 {
      // Without being asked they reach the bound; then they stand still.
      wait { record.started.load(ordering: .sequentiallyConsistent) == consumed + 5 }
      usleep(2000)
      #expect(record.started.load(ordering: .sequentiallyConsistent) == consumed + 5)
      #expect((try? prefetch.next()?.get()) == consumed)
    }
  }

  @Test func noMoreThreadsWorkThanAsked() {
    let record = Record()
    let prefetch = Prefetch(count: 40, threads: 2, ahead: 40) { index in
      let now = record.started.add(1, ordering: .sequentiallyConsistent).newValue
      record.most.max(now, ordering: .sequentiallyConsistent)
      usleep(500)
      record.started.subtract(1, ordering: .sequentiallyConsistent)
      return index
    }
    wait { record.most.load(ordering: .sequentiallyConsistent) == 2 }
    #expect(prefetch.compactMap { try? $0.get() } == Array(0..<40))
    // The consumer may have taken up one of its own.
    #expect(record.most.load(ordering: .sequentiallyConsistent) <= 3)
  }

  @Test func aConsumerThatStopsEndsTheWork() {
    for byHand in [true, false] {
      let record = Record()
      var prefetch: Prefetch<Int>? = Prefetch(count: 1000, threads: 3, ahead: 6) { index in
        record.started.add(1, ordering: .sequentiallyConsistent)
        usleep(3000)
        record.ended.add(1, ordering: .sequentiallyConsistent)
        return index
      }
      #expect((try? prefetch?.next()?.get()) == 0)
      if byHand {
        prefetch?.cancel()
        #expect(prefetch?.next() == nil)
      } else {
        prefetch = nil
      }
      let started = record.started.load(ordering: .sequentiallyConsistent)
      #expect(started <= 7)
      #expect(record.ended.load(ordering: .sequentiallyConsistent) == started)
      usleep(10_000)
      #expect(record.started.load(ordering: .sequentiallyConsistent) == started)
    }
  }

  @Test func whatIsHeldIsLetGo() {
    final class Token: Sendable {}
    let token = Token()
    weak var held: Token?
    do {
      let prefetch = Prefetch(count: 9, threads: 2, ahead: 3) { _ in [Token(), token] }
      held = prefetch.next().flatMap { try? $0.get() }?.first
    }
    #expect(held == nil)
  }

  @Test func anElementMayBeAskedForAgain() throws {
    let record = Record()
    let prefetch = Prefetch(count: 4, threads: 1) { index in
      record.started.add(1, ordering: .sequentiallyConsistent)
      return index * index
    }
    #expect(try [0, 1, 2, 3].map { try prefetch.element(at: $0) } == [0, 1, 4, 9])
    #expect(record.started.load(ordering: .sequentiallyConsistent) == 4)
    #expect(try [0, 3, 2].map { try prefetch.element(at: $0) } == [0, 9, 4])
    #expect(record.started.load(ordering: .sequentiallyConsistent) == 7)
  }

  @Test func manyShortLivesEndWell() {
    for round in 0..<300 {
      let prefetch = Prefetch(count: 5, threads: 3, ahead: 1 + round % 3) { $0 }
      for _ in 0..<(round % 6) { #expect(prefetch.next() != nil) }
    }
  }

  /// Gives up silently after 5 s: the expectation that follows then fails.
  private func wait(_ condition: () -> Bool) {
    for _ in 0..<5000 where !condition() { usleep(1000) }
  }
}
