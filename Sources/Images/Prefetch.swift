import Foundation

/// Results that threads of its own work out ahead of their consumer, in order: pictures are decoded while the device
/// computes.
///
/// Index after index is taken up while fewer than `ahead` results are held or in the making, so that memory is bounded by
/// that number whatever the consumer's pace. An error is delivered at its index like a result, and does not end the rest.
/// What nobody has taken up when the consumer asks for it, the consumer works out itself; it therefore never waits for a
/// thread that could not be started. The work must not wait for the consumer.
///
///     for picture in Prefetch(count: files.count, { try Image(path: files[$0]) }) { try show(picture.get()) }
public final class Prefetch<Element: Sendable>: Sequence, IteratorProtocol {
  private let shelf: Shelf<Element>

  /// Four threads decode faster than most devices compute; a machine with fewer cores has no use for more.
  public static var defaultThreads: Int { Swift.min(ProcessInfo.processInfo.activeProcessorCount, 4) }

  /// - Parameters:
  ///   - count: how many results there are.
  ///   - threads: how many results may be in the making at once.
  ///   - ahead: how many results may be held or in the making, at least 1; nil for twice the threads.
  ///   - work: called once with each of `0 ..< count`, on any thread.
  public init(
    count: Int, threads: Int = Prefetch.defaultThreads, ahead: Int? = nil,
    _ work: @escaping @Sendable (Int) throws -> Element
  ) {
    let shelf = Shelf(count: count, ahead: Swift.max(ahead ?? 2 * threads, 1), work)
    self.shelf = shelf
    for index in 0..<Swift.max(Swift.min(threads, count), 0) {
      let thread = Thread { shelf.fill() }
      thread.name = "prefetch \(index)"
      thread.start()
    }
  }

  deinit { shelf.cancel() }

  /// The next index's result or error; nil after the last one, and after ``cancel()``.
  public func next() -> Result<Element, any Error>? { shelf.take() }

  /// The result of an index, for a consumer that asks by number: the next one comes from the threads, any other (one
  /// asked for again, or out of order) is worked out at once.
  public func element(at index: Int) throws -> Element {
    guard index == shelf.position, let result = next() else { return try shelf.work(index) }
    return try result.get()
  }

  /// Ends the threads and drops what they have made: when it returns, no work runs any more. The end of the object's life
  /// does the same, so a consumer may just stop.
  public func cancel() { shelf.cancel() }
}

/// What the threads and the consumer share. `@unchecked Sendable`: variables are touched under the condition's lock only.
private final class Shelf<Element: Sendable>: @unchecked Sendable {
  let work: @Sendable (Int) throws -> Element
  private let count: Int
  private let ahead: Int
  private let condition = NSCondition()
  private var results: [Int: Result<Element, any Error>] = [:]
  /// Indices that somebody has taken up, and that the consumer has: all below.
  private var started = 0
  private var consumed = 0
  private var busyThreads = 0
  private var isCancelled = false

  init(count: Int, ahead: Int, _ work: @escaping @Sendable (Int) throws -> Element) {
    self.count = count
    self.ahead = ahead
    self.work = work
  }

  var position: Int { condition.withLock { consumed } }

  /// A thread's life.
  func fill() {
    condition.lock()
    defer { condition.unlock() }
    while true {
      while !isCancelled, started < count, started >= consumed + ahead { condition.wait() }
      guard !isCancelled, started < count else { return }
      let index = started
      started += 1
      busyThreads += 1
      let result = unlocked { Result { try work(index) } }
      busyThreads -= 1
      if !isCancelled { results[index] = result }
      condition.broadcast()
    }
  }

  func take() -> Result<Element, any Error>? {
    condition.lock()
    defer { condition.unlock() }
    guard !isCancelled, consumed < count else { return nil }
    let index = consumed
    defer {
      consumed += 1
      condition.broadcast()
    }
    if started == index {
      started += 1
      return unlocked { Result { try work(index) } }
    }
    while true {
      if let result = results.removeValue(forKey: index) { return result }
      condition.wait()
    }
  }

  func cancel() {
    condition.lock()
    defer { condition.unlock() }
    isCancelled = true
    results = [:]
    condition.broadcast()
    while busyThreads > 0 { condition.wait() }
  }

  private func unlocked<Value>(_ body: () -> Value) -> Value {
    condition.unlock()
    defer { condition.lock() }
    return body()
  }
}
