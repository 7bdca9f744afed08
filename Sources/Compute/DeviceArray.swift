import Locking

/// The address of a device's memory: a host pointer, or a `cl_mem`.
///
/// `@unchecked Sendable`: the value is an address, never dereferenced by this module. What lies there is written and
/// read by one device only, which does so in the order of the calls.
public struct DeviceMemory: Hashable, @unchecked Sendable {
  package let pointer: OpaquePointer
  package init(_ pointer: OpaquePointer) { self.pointer = pointer }
}

/// What device arrays hold: 32-bit floats, and 32-bit integers for indices and codes.
public protocol DeviceElement: BitwiseCopyable, Sendable {}
extension Float: DeviceElement {}
extension Int32: DeviceElement {}

/// A run of elements on one device; its memory returns to the device's pool with the last reference.
///
/// Sendable without a lock because of one rule: an array is written by the operation that makes it, and only read later.
/// The few operations that change an array say so to ``forgetLayouts()``.
public final class DeviceArray<Element: DeviceElement>: Sendable {
  public let device: any Device
  public let count: Int
  package let memory: DeviceMemory
  /// The device's buffer: `memory` itself, or for an array between zones what `memory` is a part of.
  private let buffer: DeviceMemory
  /// Elements that the buffer holds, and those before the array.
  private let capacity: Int
  private let offset: Int
  /// Whether the buffer belongs to another array.
  private let isLent: Bool
  /// The array that this one is a part of, which must live as long.
  private let whole: DeviceArray?
  private let layouts = Locked<[String: DeviceArray]>([:])

  /// An array with undefined contents.
  ///
  /// - Throws: ``DeviceError/outOfMemory(requested:inUse:limit:)``.
  public init(count: Int, on device: any Device) throws {
    self.device = device
    self.count = count
    capacity = count
    offset = 0
    isLent = false
    whole = nil
    memory = try device.allocate(byteCount: Self.byteCount(count))
    buffer = memory
  }

  /// The same memory under another device's name.
  private init(lending array: DeviceArray, to device: any Device) {
    self.device = device
    count = array.count
    capacity = array.count
    offset = 0
    memory = array.memory
    buffer = array.memory
    isLent = true
    whole = nil
  }

  /// The same elements as an array of `device`, for devices that pass their work on to another one; valid while this
  /// array lives. It is always the same array, so layouts that are kept with it are made once.
  package func lent(to device: any Device) -> DeviceArray {
    layouts.withLock { layouts in
      if let made = layouts[Self.lentName] { return made }
      let made = DeviceArray(lending: self, to: device)
      layouts[Self.lentName] = made
      return made
    }
  }

  /// A part of another array: the same memory, with layouts of its own. What one writes the other reads.
  ///
  /// - offset: in elements, a multiple of ``PartitionedMemory/partAlignment`` bytes
  package init(partOf whole: DeviceArray, at offset: Int, count: Int) throws {
    guard let device = whole.device as? any Device & PartitionedMemory else {
      preconditionFailure("\(whole.device) has no memory that can be divided")
    }
    precondition(offset >= 0 && offset + count <= whole.count, "a part lies within its array")
    self.device = device
    self.count = count
    self.whole = whole
    self.offset = offset
    capacity = count
    isLent = true
    buffer = whole.memory
    memory = try device.part(
      of: whole.memory, at: offset * MemoryLayout<Element>.stride, byteCount: Self.byteCount(count))
  }

  private static var lentName: String { "lent" }

  /// A copy of host values between zones that no operation may touch, for tests of operations.
  ///
  /// - before: as many elements as ``PartitionedMemory/partAlignment`` asks for, or none
  package init(
    _ values: [Element], between before: [Element], and after: [Element],
    on device: any Device & PartitionedMemory
  ) throws {
    self.device = device
    count = values.count
    offset = before.count
    isLent = false
    whole = nil
    capacity = before.count + values.count + after.count
    buffer = try device.allocate(byteCount: Self.byteCount(capacity))
    do {
      memory = try device.part(
        of: buffer, at: offset * MemoryLayout<Element>.stride, byteCount: Self.byteCount(capacity - offset))
    } catch {
      device.release(buffer, byteCount: Self.byteCount(capacity))
      throw error
    }
    try (before + values + after).withUnsafeBytes { try device.upload($0, to: buffer) }
  }

  /// A copy of host values.
  public convenience init(_ values: [Element], on device: any Device) throws {
    try self.init(count: values.count, on: device)
    try values.withUnsafeBytes { try device.upload($0, to: memory) }
  }

  deinit {
    if offset > 0, let device = device as? any PartitionedMemory { device.releasePart(memory) }
    if isLent { return }
    device.release(buffer, byteCount: Self.byteCount(capacity))
  }

  /// A host copy of the elements; waits for all earlier work on the device.
  public func values() throws -> [Element] { try elements(of: memory, count) }

  /// Overwrites the elements with host values of the same count, for tests of operations that make their own arrays.
  package func replace(with values: [Element]) throws {
    try Arguments("replace", on: device).require(self, "values", count: values.count)
    try values.withUnsafeBytes { try device.upload($0, to: memory) }
    forgetLayouts()
  }

  /// The values and what the zones before and behind them hold now.
  package func valuesAndZones() throws -> (values: [Element], zones: [Element]) {
    let all = try elements(of: buffer, capacity)
    return (Array(all[offset..<(offset + count)]), Array(all[..<offset] + all[(offset + count)...]))
  }

  private func elements(of memory: DeviceMemory, _ count: Int) throws -> [Element] {
    guard count > 0 else { return [] }
    return try [Element](unsafeUninitializedCapacity: count) { target, initialized in
      try device.download(memory, into: UnsafeMutableRawBufferPointer(target))
      initialized = count
    }
  }

  /// The same elements in another layout, made at the first use and kept as long as this array: weights are packed once.
  package func layout(_ name: String, make: () throws -> DeviceArray) throws -> DeviceArray {
    if let made = layouts.withLock({ $0[name] }) { return made }
    let made = try make()
    layouts.withLock { $0[name] = made }
    return made
  }

  /// To be called by every operation that changes an array instead of making one.
  package func forgetLayouts() { layouts.withLock { $0 = [:] } }

  /// OpenCL has no empty buffers, so an empty array owns one element.
  private static func byteCount(_ count: Int) -> Int { max(count, 1) * MemoryLayout<Element>.stride }
}

/// Floats on a device.
public typealias Storage = DeviceArray<Float>
/// 32-bit integers on a device: row numbers, codes, class indices.
public typealias IndexStorage = DeviceArray<Int32>
