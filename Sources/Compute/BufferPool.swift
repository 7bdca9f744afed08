import Locking

/// Bytes that a device holds.
public struct MemoryUse: Hashable, Sendable {
  /// Bytes of live arrays, and their largest value so far.
  public internal(set) var inUse = 0
  public internal(set) var peak = 0
  /// Bytes kept for reuse.
  public internal(set) var cached = 0
}

/// Freed device buffers by size class, handed out again.
///
/// A freed buffer serves the next request of its class: eight classes a doubling keep the slack under 12.5 %. Small ones
/// serve smaller requests too, and the last one freed goes first, since a core's cache may still hold it: a network's
/// layers then write where the layers before have just read. Memory beyond an eighth of the live buffers' is given back. When an allocation fails or would pass the limit, the pool
/// is emptied and the allocation tried once more.
package final class BufferPool: Sendable {
  private struct State {
    /// In the order in which they were freed.
    var free: [(memory: DeviceMemory, size: Int)] = []
    /// Bytes of live buffers that are larger than their arrays' class.
    var sizes: [DeviceMemory: Int] = [:]
    var use = MemoryUse()
  }

  private let state = Locked(State())
  private let limit: Int?
  private let isExact: Bool
  private let make: @Sendable (Int) throws(DeviceError) -> DeviceMemory?
  private let destroy: @Sendable (DeviceMemory) -> Void

  /// - limit: bytes that live and cached buffers may take together; nil for no limit but the device's own.
  /// - isExact: whether buffers have just the bytes asked for, so that tools see accesses beyond the end
  /// - make: a fresh buffer of so many bytes, or nil when there is no memory; throws when it fails for another reason.
  package init(
    limit: Int?, isExact: Bool = false, make: @escaping @Sendable (Int) throws(DeviceError) -> DeviceMemory?,
    destroy: @escaping @Sendable (DeviceMemory) -> Void
  ) {
    self.limit = limit
    self.isExact = isExact
    self.make = make
    self.destroy = destroy
  }

  deinit { empty() }

  package var use: MemoryUse { state.withLock { $0.use } }

  package func allocate(byteCount: Int) throws(DeviceError) -> DeviceMemory {
    let size = size(byteCount)
    if let reused = takeFree(size) { return reused }
    giveBack()
    for attempt in 0..<2 {
      if reserve(size) {
        do {
          if let fresh = try make(size) {
            state.withLock { $0.use.peak = max($0.use.peak, $0.use.inUse) }
            return fresh
          }
        } catch {
          state.withLock { $0.use.inUse -= size }
          throw error
        }
        state.withLock { $0.use.inUse -= size }
      }
      if attempt == 0 { empty() }
    }
    throw .outOfMemory(requested: byteCount, inUse: use.inUse, limit: limit)
  }

  package func release(_ memory: DeviceMemory, byteCount: Int) {
    let size = size(byteCount)
    state.withLock {
      let size = $0.sizes.removeValue(forKey: memory) ?? size
      $0.free.append((memory, size))
      $0.use.inUse -= size
      $0.use.cached += size
    }
  }

  /// Gives every unused buffer back to the device.
  package func empty() {
    let unused = state.withLock { state in
      defer {
        state.free = []
        state.use.cached = 0
      }
      return state.free.map(\.memory)
    }
    for memory in unused { destroy(memory) }
  }

  /// Before memory is asked for: what has lain unused for longest, beyond an eighth of what lives and 64 MiB, goes back to
  /// the device. Sizes that a program has done with would otherwise stay beside those that it goes on with.
  private func giveBack() {
    let unused = state.withLock { state in
      let kept = max(state.use.inUse / 8, Self.keptBytes)
      var unused: [DeviceMemory] = []
      while state.use.cached > kept, !state.free.isEmpty {
        let oldest = state.free.removeFirst()
        state.use.cached -= oldest.size
        unused.append(oldest.memory)
      }
      return unused
    }
    for memory in unused { destroy(memory) }
  }

  private static let keptBytes = 1 << 26

  private func size(_ byteCount: Int) -> Int { isExact ? byteCount : Self.sizeClass(byteCount) }

  /// The smallest class that holds `byteCount`: a multiple of 1/8 of the power of two below it, at least 256 bytes.
  package static func sizeClass(_ byteCount: Int) -> Int {
    guard byteCount > 256 else { return 256 }
    let step = (1 << (Int.bitWidth - 1 - (byteCount - 1).leadingZeroBitCount)) / 8
    return (byteCount + step - 1) / step * step
  }

  /// Counts the bytes before they are asked for, so that threads at once cannot pass the limit together.
  private func reserve(_ size: Int) -> Bool {
    state.withLock { state in
      if let limit, state.use.inUse + state.use.cached + size > limit { return false }
      state.use.inUse += size
      return true
    }
  }

  private func takeFree(_ size: Int) -> DeviceMemory? {
    state.withLock { state in
      let largest = isExact ? size : max(size, min(4 * size, Self.cachedBytes))
      guard let place = state.free.lastIndex(where: { size <= $0.size && $0.size <= largest }) else { return nil }
      let found = state.free.remove(at: place)
      if found.size != size { state.sizes[found.memory] = found.size }
      state.use.cached -= found.size
      state.use.inUse += found.size
      state.use.peak = max(state.use.peak, state.use.inUse)
      return found.memory
    }
  }

  /// Bytes of a buffer that a cache may still hold.
  private static let cachedBytes = 1 << 23
}
