package import Compute
import Foundation

/// Measures a device's roofs with work that keeps one of its units busy and does nothing else.
package struct RoofMeasurement {
  private let device: any Device & RoofKernels
  private let timer: BlockTimer
  private let scratch: Storage

  /// - Throws: ``DeviceError`` when its memory does not hold the scratch array.
  package init(_ device: any Device & RoofKernels, timer: BlockTimer = BlockTimer(block: 0.002)) throws {
    self.device = device
    self.timer = timer
    scratch = try Storage([Float](repeating: 0.5, count: device.roofScratchCount), on: device)
  }

  /// The bytes of the sweep: source and target together.
  package static let sizes = (18...28).map { 1 << $0 }

  /// - sizes: bytes that copying and reading touch
  /// - repetitions: blocks of each; the fastest counts, as everything else on a machine only takes away
  package func measured(sizes: [Int] = Self.sizes, repetitions: Int = 25) throws -> Roofs {
    var (copy, read) = ([Roofs.Bandwidth](), [Roofs.Bandwidth]())
    for bytes in sizes where bytes <= device.traits.largestBuffer {
      let x = try Storage([Float](repeating: 1, count: bytes / 8), on: device)
      let y = try Storage([Float](repeating: 0, count: bytes / 8), on: device)
      let copied = try fastest(repetitions) { try device.roofCopy(x, into: y) }
      copy.append(Roofs.Bandwidth(bytes: bytes, gigabytesPerSecond: Double(bytes) / copied * 1e-9))
      let summed = try fastest(repetitions) {
        try device.roofRead(x, into: scratch)
        try device.roofRead(y, into: scratch)
      }
      read.append(Roofs.Bandwidth(bytes: bytes, gigabytesPerSecond: Double(bytes) / summed * 1e-9))
    }
    let launch = try fastest(repetitions) { try device.roofEmpty(scratch) }
    let finish = try fastest(repetitions) {
      try device.roofEmpty(scratch)
      try device.synchronize()
    }
    return Roofs(
      multiplyAdd: try multiplyAdd(repetitions), exponential: try exponential(repetitions), copy: copy, read: read,
      launch: launch * 1e6, finish: finish * 1e6)
  }

  /// 10⁹ floating-point operations a second.
  package func multiplyAdd(_ repetitions: Int) throws -> Double {
    let count = try device.roofMultiplyAdd(rounds: Self.rounds, scratch)
    return try Double(count) / fastest(repetitions) { _ = try device.roofMultiplyAdd(rounds: Self.rounds, scratch) }
      * 1e-9
  }

  /// 10⁹ exponentials a second.
  package func exponential(_ repetitions: Int) throws -> Double {
    let rounds = Self.rounds / 16
    let count = try device.roofExponential(rounds: rounds, scratch)
    return try Double(count) / fastest(repetitions) { _ = try device.roofExponential(rounds: rounds, scratch) } * 1e-9
  }

  /// A launch of half a millisecond or so: long beside the waking of threads, and short enough to fall, now and then,
  /// between what else a machine does.
  private static let rounds = 1 << 17

  /// Seconds a launch of the fastest block.
  private func fastest(_ repetitions: Int, _ body: () throws -> Void) throws -> Double {
    func work(_ launches: Int) throws {
      for _ in 0..<launches { try body() }
      try device.synchronize()
    }
    try work(1)
    let launches = try timer.launches(work)
    return try timer.samples(launches, count: repetitions, minimum: 0, work).min() ?? .nan
  }
}
