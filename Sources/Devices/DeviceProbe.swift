package import Compute
import ComputeCPU
package import ComputeOpenCL
import Foundation

/// What there is to know of a device before long work is trusted to it: what its driver gets wrong, whether the self-test
/// passes, and whether it is faster than the CPU path.
package struct DeviceProbe: Codable, Sendable {
  package typealias Finding = OpenCLProbe.Finding
  package private(set) var findings: [Finding] = []

  package init() {}

  package mutating func add(_ finding: Finding) { findings.append(finding) }

  /// In a few words.
  package var verdict: String {
    if let wrong = findings.first(where: { $0.verdict == .wrong }) { return "broken: \(wrong.name): \(wrong.detail)" }
    let quirks = findings.filter { $0.verdict == .quirk }
    if quirks.isEmpty { return findings.isEmpty ? "broken: it says nothing" : "ok" }
    if quirks.allSatisfy({ $0.name == Self.speed }) { return "correct, but slower than the CPU path" }
    return "ok, with quirks: " + quirks.map(\.name).joined(separator: ", ")
  }

  private static let speed = "speed"

  /// - report: is told each finding as it is made
  package static func run(on device: any Device, _ report: (Finding) throws -> Void) throws {
    if let device = device as? OpenCLDevice { try OpenCLProbe(device).run(report) }
    do {
      try SelfTest.run(on: device)
      try report(Finding(name: "self-test", verdict: .right, detail: "one problem of each family"))
    } catch let error as DeviceError { try report(Finding(name: "self-test", verdict: .wrong, detail: "\(error)")) }
    do { try report(speed(of: device)) } catch let error as DeviceError {
      try report(Finding(name: speed, verdict: .wrong, detail: "\(error)"))
    }
  }

  /// Matrix products of 512 for 50 ms, in turns with the CPU path's.
  private static func speed(of device: any Device) throws -> Finding {
    let cpu = CPUDevice()
    let problem = try MatrixProblem(rows: 512, columns: 512, depth: 512)
    let rate = { (seconds: Double) in 2 * pow(512.0, 3) / seconds / 1e9 }
    guard device is OpenCLDevice else {
      let seconds = try shortest(problem, [cpu])[0]
      return Finding(name: speed, verdict: .right, detail: String(format: "%.0f GFLOP/s", rate(seconds)))
    }
    let seconds = try shortest(problem, [device, cpu])
    let ratio = seconds[1] / seconds[0]
    return Finding(
      name: speed, verdict: ratio >= 0.8 ? .right : .quirk,
      detail: String(format: "%.0f GFLOP/s, %.2f times the CPU path", rate(seconds[0]), ratio))
  }

  /// The shortest time of one product on each device; the first of each, which compiles, does not count.
  private static func shortest(_ problem: MatrixProblem, _ devices: [any Device]) throws -> [Double] {
    let runs = try devices.map { device in
      let values = (0..<problem.rows * problem.depth).map { Float($0 % 61) / 61 - 0.5 }
      let (a, b) = (try Storage(values, on: device), try Storage(values, on: device))
      let c = try Storage(count: problem.rows * problem.columns, on: device)
      return {
        try device.multiply(problem, a, b, into: c, scale: 1, accumulate: false)
        try device.synchronize()
      }
    }
    for run in runs { try run() }
    var shortest = [Double](repeating: .infinity, count: runs.count)
    let end = ContinuousClock.now + .milliseconds(50 * runs.count)
    repeat {
      for (index, run) in runs.enumerated() {
        let start = ContinuousClock.now
        try run()
        shortest[index] = min(shortest[index], (ContinuousClock.now - start) / .seconds(1))
      }
    } while ContinuousClock.now < end
    return shortest
  }
}
