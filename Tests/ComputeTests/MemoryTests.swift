import Compute
import ComputeCPU
import ComputeOpenCL
import Foundation
import Locking
import TestSupport
import Testing

@Suite("Device memory")
struct MemoryTests {
  @Test(arguments: TestDevice.all, [0, 1, 5, 1000])
  func valuesComeBack(_ tested: TestDevice, count: Int) throws {
    let values = (0..<count).map { Float($0) - 3 }
    #expect(try Storage(values, on: tested.device).values() == values)
    let indices = (0..<count).map { Int32($0) - 3 }
    #expect(try IndexStorage(indices, on: tested.device).values() == indices)
  }

  @Test(arguments: limitedDevices())
  func theLimitIsAnErrorAndNotTheEnd(_ tested: TestDevice) throws {
    let device = tested.device
    let half = try Storage(count: 100_000, on: device)
    #expect(throws: DeviceError.outOfMemory(requested: 800_000, inUse: device.memoryUse.inUse, limit: 1 << 20)) {
      try Storage(count: 200_000, on: device)
    }
    // A buffer of another size that lies unused in the pool is given back to make room.
    do { _ = try Storage(count: 120_000, on: device) }
    let other = try Storage(count: 130_000, on: device)
    try device.fill(other, with: 2)
    #expect(try other.values().last == 2)
    #expect(half.count == 100_000)
  }

  private static func limitedDevices() -> [TestDevice] {
    let cpu = TestDevice(name: "cpu", device: CPUDevice(memoryLimit: 1 << 20))
    let openCL = (try? OpenCL.devices().first).flatMap { try? OpenCLDevice($0, memoryLimit: 1 << 20) }
    return [cpu] + (openCL.map { [TestDevice(name: "opencl", device: $0)] } ?? [])
  }

  @Test(arguments: TestDevice.all)
  func memoryIsCountedAndReused(_ tested: TestDevice) throws {
    let before = tested.device.memoryUse
    #expect(before.peak >= before.inUse)
    for _ in 0..<50 { _ = try Storage(count: 1 << 20, on: tested.device) }
    // Other tests run beside this one; without reuse 50 arrays would have left 200 MiB in the pool.
    #expect(tested.device.memoryUse.cached - before.cached < 150 << 20)
  }

  /// Kernels' arguments belong to the kernel object, so launches from several threads must not mix them.
  @Test(arguments: TestDevice.all)
  func threadsMayShareADevice(_ tested: TestDevice) {
    let device = tested.device
    let wrong = Locked<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      do {
        for round in 0..<20 {
          let value = Float(thread * 100 + round)
          let x = try Storage([Float](repeating: value, count: 333), on: device)
          let y = try Storage(count: 333, on: device)
          try device.affine(x, scale: 2, shift: 1, into: y)
          let values = try y.values()
          if values.contains(where: { $0 != 2 * value + 1 }) { wrong.withLock { $0.append("\(value)") } }
        }
      } catch { wrong.withLock { $0.append("\(error)") } }
    }
    #expect(wrong.withLock { $0 } == [])
  }
}

@Suite("Size classes of the pool")
struct BufferPoolTests {
  @Test func slackStaysUnderAnEighth() {
    for count in [1, 255, 256, 257, 1000, 4097, 65_537, 1_000_003, 123_456_789] {
      let size = BufferPool.sizeClass(count)
      #expect(size >= count)
      #expect(count <= 256 || Double(size - count) <= 0.125 * Double(count))
      #expect(BufferPool.sizeClass(size) == size)
    }
  }

  /// What a cache may still hold is handed out first, and large buffers serve their own class only.
  @Test func smallBuffersServeSmallerRequests() throws {
    let made = Locked(0)
    let pool = BufferPool(limit: nil) { _ in
      DeviceMemory(
        OpaquePointer(
          bitPattern: made.withLock {
            $0 += 1; return $0
          })!)
    } destroy: { _ in
    }
    let kibibyte = 1 << 10
    let sizes = [64, 256, 128, 64 << 10].map { $0 * kibibyte }
    let buffers = try sizes.map { try pool.allocate(byteCount: $0) }
    for (buffer, size) in zip(buffers, sizes) { pool.release(buffer, byteCount: size) }
    // The last one freed that holds it, and is not four times as large.
    #expect(try pool.allocate(byteCount: 100 * kibibyte) == buffers[2])
    #expect(pool.use.inUse == 128 * kibibyte)
    #expect(try pool.allocate(byteCount: 100 * kibibyte) == buffers[1])
    #expect(try pool.allocate(byteCount: 20 * kibibyte) == buffers[0])
    #expect(try !buffers.contains(pool.allocate(byteCount: 17 << 20)))
    // They come back with the size that they have.
    pool.release(buffers[1], byteCount: 100 * kibibyte)
    #expect(try pool.allocate(byteCount: 256 * kibibyte) == buffers[1])
    #expect(pool.use.cached == sizes[3])
  }
}
