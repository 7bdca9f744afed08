import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

/// Counts the instructions of kernels on PoCL, with one thread, under Callgrind.
struct InstructionCounter {
  var operations: [Op]
  var device: String
  var variant: String
  var kernelFolder: String?
  var choice: String
  /// Seconds that a child may take.
  var timeout: Double

  struct Result {
    /// What the counts depend on.
    var key: String
    var kernels: [String: Int]
  }

  /// Where PoCL keeps what it compiles under Valgrind, where it sees another processor: for the next time.
  private static var cache: String { UserFolder.cache("count").path }
  private static let pattern = (before: "_pocl_kernel_", after: "_workgroup")

  /// The counts, or why there can be none here.
  func counted() throws -> (result: Result?, skipped: String?) {
    let folder = try TemporaryFolder()
    guard let callgrind = try Callgrind(folder) else { return (nil, "Valgrind is not installed (package valgrind)") }
    try FileManager.default.createDirectory(
      atPath: Self.cache, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let environment = ["POCL_CACHE_DIR": Self.cache, "POCL_MAX_PTHREAD_COUNT": "1"]
    let key = folder.path("key")
    let arguments = try arguments(key)
    // Compiles what is new; under Callgrind that would take six times as long.
    try callgrind.warm(arguments, environment: environment, timeout: timeout)
    let counts = try callgrind.counts(
      of: "\(Self.pattern.before)*\(Self.pattern.after)*", arguments, environment: environment, timeout: timeout)
    guard !counts.isEmpty else { return (nil, "the device is none of PoCL's, whose kernels alone can be counted") }
    // Operations share kernels, so each choice of them has counts of its own.
    let names =
      operations.count == OpCatalogue.operations.count ? "" : ", of " + operations.map(\.name).joined(separator: " ")
    return (Result(key: folder.text("key") + names, kernels: Self.byKernel(counts)), nil)
  }

  private func arguments(_ key: String) throws -> [String] {
    let texts = try CountedCases.texts(operations)
    guard !texts.isEmpty else { throw Failure("No case of these operations is counted.") }
    let options = ["--device", device, "--variant", variant, "--choice", choice, "--key", key]
    return ["count-worker"] + options + (kernelFolder.map { ["--kernel-dir", $0] } ?? []) + texts
  }

  /// A kernel has functions for small grids and others; their sum is what is compared.
  private static func byKernel(_ counts: [String: Int]) -> [String: Int] {
    var kernels: [String: Int] = [:]
    for (function, count) in counts {
      let name = function.dropFirst(pattern.before.count)
      guard let end = name.range(of: pattern.after) else { continue }
      kernels[String(name[..<end.lowerBound]), default: 0] += count
    }
    return kernels
  }
}
