import Locking

/// The address of a device's memory: a host pointer, or a `cl_mem`.
///
/// `@unchecked Sendable`: the value is an address, never dereferenced by this module. What lies there is written and
/// read by one device only, which does so in the order of the calls.
public struct DeviceMemory: @unchecked Sendable {
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
public final class DeviceArray<Element: DeviceElement>: Sendable {
  public let device: any Device
  public let count: Int
  package let memory: DeviceMemory
  /// Elements that the memory holds: `count`, and those of a guard zone.
  private let capacity: Int
  private let layouts = Locked<[String: DeviceArray]>([:])

  /// An array with undefined contents.
  ///
  /// - Throws: ``DeviceError/outOfMemory(requested:inUse:limit:)``.
  public init(count: Int, on device: any Device) throws {
    self.device = device
    self.count = count
    capacity = count
    memory = try device.allocate(byteCount: Self.byteCount(count))
  }

  /// A copy of host values with a zone behind them that no operation may touch, for tests of operations.
  package init(_ values: [Element], guardedBy zone: [Element], on device: any Device) throws {
    self.device = device
    count = values.count
    capacity = values.count + zone.count
    memory = try device.allocate(byteCount: Self.byteCount(capacity))
    try (values + zone).withUnsafeBytes { try device.upload($0, to: memory) }
  }

  /// A copy of host values.
  public convenience init(_ values: [Element], on device: any Device) throws {
    try self.init(count: values.count, on: device)
    try values.withUnsafeBytes { try device.upload($0, to: memory) }
  }

  deinit { device.release(memory, byteCount: Self.byteCount(capacity)) }

  /// A host copy of the elements; waits for all earlier work on the device.
  public func values() throws -> [Element] { try elements(count) }

  /// Overwrites the elements with host values of the same count, for tests of operations that make their own arrays.
  package func replace(with values: [Element]) throws {
    try Arguments("replace", on: device).require(self, "values", count: values.count)
    try values.withUnsafeBytes { try device.upload($0, to: memory) }
  }

  /// The values and what the guard zone holds now.
  package func valuesAndGuard() throws -> (values: [Element], zone: [Element]) {
    let all = try elements(capacity)
    return (Array(all.prefix(count)), Array(all.dropFirst(count)))
  }

  private func elements(_ count: Int) throws -> [Element] {
    guard count > 0 else { return [] }
    return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      try device.download(memory, into: UnsafeMutableRawBufferPointer(buffer))
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

  /// OpenCL has no empty buffers, so an empty array owns one element.
  private static func byteCount(_ count: Int) -> Int { max(count, 1) * MemoryLayout<Element>.stride }
}

/// Floats on a device.
public typealias Storage = DeviceArray<Float>
/// 32-bit integers on a device: row numbers, codes, class indices.
public typealias IndexStorage = DeviceArray<Int32>
