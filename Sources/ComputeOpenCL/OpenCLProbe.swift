import COpenCL
import Compute
import Foundation

/// Looks for what drivers are known to get wrong, one thing at a time. It takes longer than a self-test, and says more:
/// which part fails, by how much, and what the device merely lacks.
package struct OpenCLProbe {
  package struct Finding: Codable, Sendable {
    package enum Verdict: String, Codable, Sendable {
      case right
      /// Without it everything still works, perhaps slower or less exact.
      case quirk
      case wrong
    }

    package var name: String
    package var verdict: Verdict
    package var detail: String

    package init(name: String, verdict: Verdict, detail: String) {
      self.name = name
      self.verdict = verdict
      self.detail = detail
    }
  }

  private typealias Check = @Sendable (OpenCLProbe) throws -> (Finding.Verdict, String)

  /// In this order; what comes first has to work for the later ones.
  private static let checks: [(name: String, check: Check)] = [
    ("round trip", { try $0.roundTrip() }), ("compiler", { try $0.compiler() }),
    ("functions", { try $0.functions() }), ("NaN and infinity", { try $0.rules() }),
    ("tree reduction", { try $0.tree() }), ("integers", { try $0.integers() }),
    ("unaligned vectors", { try $0.vectors() }), ("half storage", { try $0.halves() }),
    ("repeated launches", { try $0.repeats() }), ("offsets beyond 2 GiB", { try $0.farOffsets() }),
    ("profiling", { try $0.profiling() }),
  ]

  private let device: OpenCLDevice

  package init(_ device: OpenCLDevice) { self.device = device }

  /// - report: is told each finding as it is made, so that one that hangs is known by those before it
  package func run(_ report: (Finding) throws -> Void) throws {
    for (name, check) in Self.checks {
      let finding: Finding
      do {
        let (verdict, detail) = try check(self)
        finding = Finding(name: name, verdict: verdict, detail: detail)
      } catch let error as DeviceError { finding = Finding(name: name, verdict: .wrong, detail: "\(error)") }
      try report(finding)
    }
  }

  // MARK: memory and compiler

  private func roundTrip() throws -> (Finding.Verdict, String) {
    let sent = (0..<1024).map { Float($0) * 0.5 - 100 }
    let received = try Storage(sent, on: device).values()
    return received == sent ? (.right, "4096 bytes") : (.wrong, "4096 bytes come back changed")
  }

  private func compiler() throws -> (Finding.Verdict, String) {
    let start = ContinuousClock.now
    let (largest, multiple) = try device.kernels.groupSizes(of: "probe_functions")
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let vectors = device.traits.vectorWidth
    return (
      .right,
      String(format: "%.2f s; ", seconds)
        + "groups of \(largest) at most, in multiples of \(multiple); vectors of \(vectors) floats"
    )
  }

  // MARK: arithmetic

  private func functions() throws -> (Finding.Verdict, String) {
    let x = (0..<257).map { Float($0 - 128) * 0.061 + 0.013 }
    let y = try output(7 * x.count)
    try device.launch("probe_functions", elements: x.count, Storage(x, on: device), y, x.count)
    let found = try y.values()
    let definitions: [(String, (Double) -> Double)] = [
      ("exp", { exp($0) }), ("log", { log(abs($0)) }), ("tanh", { tanh($0) }), ("erf", { erf($0) }),
      ("sqrt", { abs($0).squareRoot() }), ("rsqrt", { 1 / abs($0).squareRoot() }), ("1/x", { 1 / $0 }),
    ]
    var (worst, name) = (0.0, "none")
    for (index, (function, definition)) in definitions.enumerated() {
      for (place, value) in x.enumerated() {
        let expected = definition(Double(value))
        let error = abs(Double(found[index * x.count + place]) - expected) / Double(Float(abs(expected)).ulp)
        if !(error <= worst) { (worst, name) = (error, function) }
      }
    }
    // OpenCL 1.2, table 7.4, allows erf 16 and the others less.
    return (worst <= 16 ? .right : .wrong, String(format: "\(name) is off by %.1f ulp at most", worst))
  }

  private func rules() throws -> (Finding.Verdict, String) {
    let names = ["NaN = NaN", "∞ − ∞", "0 · ∞", "1 / 0", "fmax(NaN, NaN)", "comparisons of NaN", "small numbers"]
    let y = try output(names.count)
    let x: [Float] = [.nan, .infinity, 0, 1, .leastNormalMagnitude]
    try device.launch("probe_rules", size: [1], group: [1], Storage(x, on: device), y)
    let broken = try zip(names, y.values()).filter { $1 != 1 }.map(\.0)
    if broken.isEmpty { return (.right, "as IEEE 754 has them") }
    return broken == ["small numbers"]
      ? (.quirk, "numbers below the smallest normal one become 0") : (.wrong, broken.joined(separator: ", "))
  }

  private func tree() throws -> (Finding.Verdict, String) {
    let largest = min(device.traits.largestWorkGroup, try device.kernels.groupSizes(of: "probe_tree").largest, 256)
    let sizes = [1, 64, 256].filter { $0 <= largest }
    for size in sizes {
      let x = (0..<size).map { Float($0 * $0 % 61) }
      let y = try output(1)
      try device.launch("probe_tree", size: [size], group: [size], Storage(x, on: device), y)
      let (found, expected) = (try y.values()[0], x.reduce(0, +))
      guard found == expected else { return (.wrong, "\(size) items give \(found) instead of \(expected)") }
    }
    let list = sizes.map(String.init).joined(separator: ", ")
    return largest < 64
      ? (.quirk, "groups of \(largest) items at most: only the CPU shape runs") : (.right, "groups of \(list)")
  }

  private func integers() throws -> (Finding.Verdict, String) {
    let x = (0..<61).map { Int32(bitPattern: UInt32($0) &* 2_654_435_769) }
    let y = try IndexStorage([Int32](repeating: 0, count: 3 * x.count), on: device)
    try device.launch("probe_integers", elements: x.count, IndexStorage(x, on: device), y, x.count)
    let found = try y.values()
    for (place, value) in x.map({ UInt32(bitPattern: $0) }).enumerated() {
      let wide = UInt64(value) * 0xCD9E_8D57
      let turned = (wide << 13 | wide >> 51) >> 7
      let expected = [
        UInt32((UInt64(value) * 0xD251_1F53) >> 32), UInt32(truncatingIfNeeded: wide >> 32),
        UInt32(truncatingIfNeeded: turned),
      ]
      for (index, (name, want)) in zip(["mul_hi", "64-bit products", "rotate"], expected).enumerated()
      where UInt32(bitPattern: found[index * x.count + place]) != want {
        return (.wrong, "\(name) of \(value)")
      }
    }
    return (.right, "mul_hi and 64 bits")
  }

  private func vectors() throws -> (Finding.Verdict, String) {
    let count = 33
    let x = (0..<(5 * count + 1)).map { Float($0 % 97) }
    let y = try Storage([Float](repeating: -1, count: x.count), on: device)
    try device.launch("probe_vectors", elements: count, Storage(x, on: device), y, count)
    let found = try y.values()
    let wrong = x.indices.first { place in
      let lane = (place + 4) % 5
      return found[place] != (place == 0 || lane == 4 ? -1 : x[place] * Float(1 << lane))
    }
    return wrong.map { (.wrong, "float \($0) of vload4 or vstore4") } ?? (.right, "vload4 and vstore4 at any float")
  }

  private func halves() throws -> (Finding.Verdict, String) {
    // 2049 lies between two halves, and the even one is 2048.
    let x: [Float] = [0, 1, -2.5, 2049, 65504, 0x1p-14, 1.0009765625]
    let expected: [Float] = [0, 1, -2.5, 2048, 65504, 0x1p-14, 1.0009765625]
    let y = try output(x.count)
    try device.launch("probe_halves", elements: x.count, Storage(x, on: device), output(x.count), y, x.count)
    return try y.values() == expected ? (.right, "rounded to even") : (.quirk, "rounds otherwise: \(try y.values())")
  }

  // MARK: the driver

  /// A fault of Intel's UHD 600 driver: the second launch of a kernel computed something else.
  private func repeats() throws -> (Finding.Verdict, String) {
    let x = try Storage((0..<1021).map { Float($0) * 0.37 }, on: device)
    let results = try (0..<3).map { _ in
      let y = try output(7 * x.count)
      try device.launch("probe_functions", elements: x.count, x, y, x.count)
      return try y.values().map(\.bitPattern)
    }
    return results.allSatisfy { $0 == results[0] }
      ? (.right, "three launches, the same bits") : (.wrong, "launches of one kernel differ")
  }

  private func farOffsets() throws -> (Finding.Verdict, String) {
    // 2 GiB and some more: 2²⁹ floats, and 4096 behind them.
    let floats = 1 << 29
    let bytes = (floats + 4096) * 4
    guard bytes <= device.traits.largestBuffer, bytes <= device.traits.globalMemory / 2 else {
      return (.right, "does not arise: buffers hold \(device.traits.largestBuffer >> 20) MiB")
    }
    guard let memory = try device.connection.makeBuffer(byteCount: bytes) else {
      return (.quirk, "no memory for 2 GiB at present")
    }
    defer { device.connection.releaseBuffer(memory) }
    let places = [0, floats / 1024, floats / 1024 + 3]
    for (index, place) in places.enumerated() {
      try device.launch("probe_far", size: [1], group: [1], memory, place, Float(index + 7))
    }
    for (index, place) in places.enumerated() {
      let y = try output(1)
      try device.launch("probe_far_back", size: [1], group: [1], memory, y, place)
      let found = try y.values()[0]
      guard found == Float(index + 7) else { return (.wrong, "float \(place * 1024) of a buffer holds \(found)") }
    }
    return (.right, "float 2²⁹ and beyond")
  }

  private func profiling() throws -> (Finding.Verdict, String) {
    let start = ContinuousClock.now
    let stamps = try device.connection.stampsOfFilling(byteCount: 1 << 20)
    let wall = (ContinuousClock.now - start) / .nanoseconds(1)
    guard zip(stamps, stamps.dropFirst()).allSatisfy({ $0 <= $1 }), let first = stamps.first, let last = stamps.last
    else {
      return (.quirk, "stamps run backwards: \(stamps)")
    }
    guard last > first, Double(last - first) <= 1.5 * wall + 1e6 else {
      return (.quirk, "stamps span \(last - first) ns of a call that took \(Int(wall)) ns")
    }
    return (.right, "stamps in order")
  }

  /// NaN where nothing is written.
  private func output(_ count: Int) throws -> Storage {
    try Storage([Float](repeating: .nan, count: count), on: device)
  }
}

extension OpenCLConnection {
  /// When filling a buffer was queued, submitted, started and ended, in ns, on a queue of its own.
  fileprivate func stampsOfFilling(byteCount: Int) throws(DeviceError) -> [UInt64] {
    guard let memory = try makeBuffer(byteCount: byteCount) else {
      throw .outOfMemory(requested: byteCount, inUse: 0, limit: nil)
    }
    defer { releaseBuffer(memory) }
    var code: cl_int = 0
    let queue = try OpenCLHandle(
      cl.table.clCreateCommandQueue(
        context.pointer, device.pointer, cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE), &code),
      "clCreateCommandQueue", code)
    defer { _ = cl.table.clReleaseCommandQueue(queue.pointer) }
    var (event, zero): (cl_event?, Float) = (nil, 0)
    try check(
      "clEnqueueFillBuffer",
      cl.table.clEnqueueFillBuffer(queue.pointer, memory.pointer, &zero, 4, 0, byteCount, 0, nil, &event))
    guard let event else { throw callError("clEnqueueFillBuffer", -9999) }
    defer { _ = cl.table.clReleaseEvent(event) }
    try check("clFinish", cl.table.clFinish(queue.pointer))
    var stamps: [UInt64] = []
    for name in [
      CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_SUBMIT, CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END,
    ] {
      var stamp: cl_ulong = 0
      try check(
        "clGetEventProfilingInfo",
        cl.table.clGetEventProfilingInfo(event, cl_profiling_info(name), MemoryLayout<cl_ulong>.size, &stamp, nil))
      stamps.append(stamp)
    }
    return stamps
  }
}
