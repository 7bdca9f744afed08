import Benchmarking
import Compute
import ComputeCPU
import ComputeOpenCL
import TestSupport
import Testing

struct RoofTests {
  private let roofs = Roofs(
    multiplyAdd: 400, exponential: 5,
    copy: [.init(bytes: 1 << 20, gigabytesPerSecond: 90), .init(bytes: 1 << 28, gigabytesPerSecond: 30)],
    read: [.init(bytes: 1 << 20, gigabytesPerSecond: 100), .init(bytes: 1 << 28, gigabytesPerSecond: 40)], launch: 1,
    finish: 10)

  @Test func theLargestTimeBinds() {
    let product = WorkModel(floatingPointOperations: 2 * 1024 * 1024 * 1024, bytes: 12 << 20)
    #expect(roofs.limit(of: product).bound == .compute)
    #expect(abs(roofs.limit(of: product).seconds - 2.147483648 / 400) < 1e-9)
    #expect(abs(product.intensity - 170.6666) < 1e-3)
    let small = WorkModel(floatingPointOperations: 1, bytes: 1 << 20)
    #expect(roofs.limit(of: small).bound == .cache)
    #expect(abs(roofs.limit(of: small).seconds - Double(1 << 20) / 100e9) < 1e-12)
    let large = WorkModel(floatingPointOperations: 1, bytes: 1 << 28)
    #expect(roofs.limit(of: large).bound == .memory)
    #expect(abs(roofs.limit(of: large).seconds - Double(1 << 28) / 40e9) < 1e-9)
    // Half way between the sizes measured, the mean of what they allow; below the smallest, what that allows.
    let between = WorkModel(floatingPointOperations: 1, bytes: 1 << 24)
    #expect(abs(roofs.limit(of: between).seconds - Double(1 << 24) / 4000e18.squareRoot()) < 1e-9)
    let tiny = WorkModel(floatingPointOperations: 0, bytes: 1 << 10)
    #expect(abs(roofs.limit(of: tiny).seconds - Double(1 << 10) / 100e9) < 1e-12)
    #expect(roofs.limit(of: WorkModel(floatingPointOperations: 5, bytes: 8, exponentials: 1)).bound == .exponential)
  }

  /// The OpenCL roof against the independent C loop of the CPU path, in turn: the best of each, since whatever else runs
  /// on the machine only takes away.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func openCLReachesTheRoofOfTheCLoop() throws {
    let description = try #require(try OpenCL.devices().first { $0.traits.kind == .cpu }, "no OpenCL CPU device")
    let loop = try RoofMeasurement(CPUDevice(), timer: BlockTimer(block: 0.001))
    let kernel = try RoofMeasurement(OpenCLDevice(description), timer: BlockTimer(block: 0.001))
    var best = (loop: 0.0, kernel: 0.0)
    // Busy machines get more turns; agreement once is what is asked for.
    for turn in 0..<400 where turn < 10 || !(abs(best.kernel / best.loop - 1) <= 0.1) {
      best.loop = max(best.loop, try loop.multiplyAdd(4))
      best.kernel = max(best.kernel, try kernel.multiplyAdd(4))
    }
    #expect(abs(best.kernel / best.loop - 1) <= 0.1, "kernel \(best.kernel), C loop \(best.loop) GFLOP/s")
  }

  /// A work-item that did nothing would show as a scratch value that stayed.
  @Test(arguments: TestDevice.all)
  func chainsEndWhereTheyConverge(_ device: TestDevice) throws {
    let device = try #require(device.device as? any Device & RoofKernels)
    let scratch = try Storage([Float](repeating: 0.25, count: device.roofScratchCount), on: device)
    let count = try device.roofMultiplyAdd(rounds: 4096, scratch)
    #expect(count > 0)
    // x = 0.5 x + 0.25 has the fixed point 0.5.
    #expect(try scratch.values()[0] == 0.5)
    let source = try Storage((0..<(2 * roofStrip)).map { Float($0) }, on: device)
    let target = try Storage([Float](repeating: 0, count: 2 * roofStrip), on: device)
    try device.roofCopy(source, into: target)
    #expect(try target.values() == source.values())
    #expect(try device.roofExponential(rounds: 64, scratch) > 0)
    try device.roofRead(source, into: scratch)
    try device.roofEmpty(scratch)
    try device.synchronize()
  }
}
