import Compute
import ComputeOpenCL
import TestSupport
import Testing

/// Chains of convolutions and pooling, on one device that joins their launches and on one that does not.
@Suite("Launches as one", .enabled(if: processor != nil, "no OpenCL device on a CPU: install pocl-opencl-icd"))
struct LaunchSequenceTests {
  /// Every kernel that can be a step, in lengths that change from pass to pass: counts are cleared, tables are kept.
  @Test func aChainGivesTheSameValues() throws {
    let (joined, alone) = (try Chain(joins: true, seed: 1), try Chain(joins: false, seed: 1))
    for length in [9, 2, 1, 6, 9, 9, 5, 3] {
      let (a, b) = (try joined.values(length), try alone.values(length))
      #expect(a == b && a.allSatisfy(\.isFinite) && Set(a).count > a.count / 4, "\(length) steps")
    }
  }

  @Test func whatFitsIsOneLaunch() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      let chain = try Chain(joins: true, seed: 2)
      // Packs the weights.
      _ = try chain.values(9)
      let before = OpenCLFaults.calls(of: "clEnqueueNDRangeKernel")
      _ = try chain.values(9)
      #expect(OpenCLFaults.calls(of: "clEnqueueNDRangeKernel") == before + 1)
      // Alone a launch is itself.
      _ = try chain.values(1)
      #expect(OpenCLFaults.calls(of: "clEnqueueNDRangeKernel") == before + 2)
    }
  }

  /// More steps, and more arrays, than one launch has.
  @Test(arguments: [64, 65, 150])
  func longChainsAreDivided(steps: Int) throws {
    var results: [[Float]] = []
    for joins in [true, false] {
      let device = try device(joins: joins)
      var x = try Storage(randomValues(3 * 5 * 17, 1), on: device)
      let p = try ConvolutionProblem(input: [1, 3, 5, 17], weight: [1, 1, 17, 17])
      // Made before: debug builds fill fresh arrays, which comes between steps.
      let made = try (0..<steps).map { step in
        let y = try Storage(count: p.outputCount, on: device)
        let w = try Storage(randomValues(17 * 17, UInt64(step)), on: device)
        let bias = try Storage(randomValues(17, UInt64(step)), on: device)
        try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
        return (y, w, bias)
      }
      for (y, w, bias) in made {
        try device.convolve(p, x, w, epilogue: Epilogue(bias: bias, activation: .tanh), into: y)
        x = y
      }
      results.append(try x.values())
    }
    #expect(results[0] == results[1] && results[0].allSatisfy(\.isFinite))
  }

  /// What is asked for between steps comes between them: kernels that are no steps, copies to and from the device.
  @Test func theOrderOfWorkStays() throws {
    let device = try device(joins: true)
    let p = try ConvolutionProblem(input: [1, 1, 1, 2], weight: [1, 1, 2, 2])
    let (x, y) = (try Storage([1, 2], on: device), try Storage(count: 2, on: device))
    let z = try Storage(count: 2, on: device)
    let w = try Storage([1, 10, 0, 1], on: device)
    try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
    try device.convolve(p, y, w, epilogue: Epilogue(), into: z)
    try device.affine(x, scale: 0, shift: 7, into: x)
    #expect(try z.values() == [1, 22])
    try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
    try device.convolve(p, y, w, epilogue: Epilogue(residual: y), into: z)
    try x.replace(with: [3, 4])
    try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
    #expect(try z.values() == [14, 77 + 147])
    #expect(try y.values() == [3, 34])
  }

  /// Arrays of steps that wait go back to the pool, and with it to the driver, before anything ran.
  @Test func arraysMayGoWhileStepsWait() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      do {
        let p = try ConvolutionProblem(input: [1, 8, 8, 32], weight: [3, 3, 32, 32], padding: 1, algorithm: .direct)
        let description = try #require(processor)
        // Weights as given and packed take 74 kB, and each of the arrays 8.
        let device = try OpenCLDevice(description, memoryLimit: 120_000, shape: .cpu)
        let w = try Storage(randomValues(9 * 32 * 32, 1).map { $0 / 16 }, on: device)
        for _ in 0..<3 {
          var x = try Storage(randomValues(p.outputCount, 2), on: device)
          for _ in 0..<5 {
            let y = try? Storage(count: p.outputCount, on: device)
            guard let y else { break }
            try device.convolve(p, x, w, epilogue: Epilogue(), into: y)
            x = y
            // Does not fit: the pool is emptied.
            #expect(throws: DeviceError.self) { try Storage(count: 60_000, on: device) }
          }
          #expect(try x.values().allSatisfy(\.isFinite))
        }
      }
      #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:])
    }
  }

  /// A launch that fails once for want of memory is tried again; one that fails for good takes its steps with it.
  @Test func failuresAreErrorsOfWhoeverWaits() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      do {
        let chain = try Chain(joins: true, seed: 3)
        let expected = try chain.values(8)
        OpenCLFaults.arm(function: "clEnqueueNDRangeKernel", call: 1, code: -4, lasting: .once)
        #expect(try chain.values(8) == expected)
        for lasting in [OpenCLFaults.Lasting.once, .functionForEver] {
          OpenCLFaults.arm(function: "clSetKernelArg", call: 9, code: -38, lasting: lasting)
          #expect(throws: DeviceError.self) { try chain.values(8) }
          OpenCLFaults.disarm()
          #expect(try chain.values(8) == expected)
        }
      }
      #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:])
    }
  }

  /// Each with arrays of its own.
  @Test func threadsShareADevice() async throws {
    let device = try device(joins: true)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<6 {
        group.addTask {
          let chain = try Chain(on: device, seed: 4)
          let expected = try [2, 6, 9].map { try chain.values($0) }
          for _ in 0..<10 where try chain.values([2, 6, 9][task % 3]) != expected[task % 3] { return false }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}

private let processor = (try? OpenCL.devices())?.first { $0.traits.kind == .cpu }

private func device(joins: Bool) throws -> OpenCLDevice {
  try OpenCLDevice(#require(processor), shape: .cpu, cache: nil, joinsLaunches: joins)
}

private func randomValues(_ count: Int, _ seed: UInt64) -> [Float] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(state >> 40) / Float(1 << 23) - 1
  }
}

/// Convolutions of every kind on odd sizes, and pooling.
private struct Chain: Sendable {
  private let device: OpenCLDevice
  private let x: Storage
  private let taps: [Storage]
  private let biases: [Storage]
  private let problems: [ConvolutionProblem]
  private let pooling: PoolingProblem
  /// Made before: debug builds fill fresh arrays, which comes between steps.
  private let results: [Storage]

  init(joins: Bool, seed: UInt64) throws { try self.init(on: ComputeTests.device(joins: joins), seed: seed) }

  init(on device: OpenCLDevice, seed: UInt64) throws {
    self.device = device
    problems = [
      try ConvolutionProblem(input: [3, 29, 25, 3], weight: [3, 3, 3, 32], stride: 2, padding: 1),
      // Many tiles, which read transformed weights.
      try ConvolutionProblem(input: [3, 15, 13, 32], weight: [3, 3, 32, 48], padding: 1, algorithm: .winograd4),
      try ConvolutionProblem(input: [3, 15, 13, 48], weight: [3, 3, 48, 32], padding: 1, algorithm: .winograd2),
      try ConvolutionProblem(input: [3, 15, 13, 32], weight: [5, 5, 1, 32], stride: 2, padding: 2, groups: 32),
      // Few, which transform them.
      try ConvolutionProblem(input: [3, 8, 7, 32], weight: [3, 3, 32, 48], padding: 1, algorithm: .winograd4),
      try ConvolutionProblem(input: [3, 8, 7, 48], weight: [3, 3, 48, 64], algorithm: .winograd2),
      try ConvolutionProblem(input: [3, 6, 5, 64], weight: [1, 1, 64, 37]),
      try ConvolutionProblem(input: [3, 6, 5, 37], weight: [1, 1, 37, 37]),
    ]
    pooling = try PoolingProblem(.maximum, input: [3, 6, 5, 37], kernel: 3, stride: 2, padding: 1)
    x = try Storage(randomValues(3 * 29 * 25 * 3, seed), on: device)
    taps = try problems.enumerated().map { index, p in
      try Storage(randomValues(p.weightCount, seed + UInt64(index) + 10).map { $0 / 3 }, on: device)
    }
    biases = try problems.map { try Storage(randomValues($0.outputChannels, seed + 20), on: device) }
    results = try (problems.map(\.outputCount) + [pooling.outputCount]).map { try Storage(count: $0, on: device) }
  }

  /// After the first `length` of nine steps.
  func values(_ length: Int) throws -> [Float] {
    var input = x
    for (index, p) in problems.prefix(length).enumerated() {
      let y = results[index]
      let epilogue = Epilogue(
        bias: biases[index], residual: index == 7 ? input : nil, activation: [.none, .silu, .relu6, .tanh][index % 4])
      try device.convolve(p, input, taps[index], epilogue: epilogue, into: y)
      input = y
    }
    if length > problems.count {
      let y = results[problems.count]
      try device.pool(pooling, input, into: y)
      input = y
    }
    return try input.values()
  }
}
