import Foundation
import ToolSupport

/// What every JSON of this program says about the run.
enum RunDescription {
  static var object: [String: Any] {
    let variables = ProcessInfo.processInfo.environment.filter { name, _ in
      ["POCL_", "OCL_", "OPENBLAS_", "FLAWLESS_"].contains { name.hasPrefix($0) }
    }
    return [
      "schema": "kernel-bench/1", "tool": "kernel-bench", "version": Version.text,
      "date": ISO8601DateFormatter().string(from: Date()), "argv": Array(CommandLine.arguments.dropFirst()),
      "env": variables,
      "host": ["cpu": processor, "cores": ProcessInfo.processInfo.activeProcessorCount, "load": load],
    ]
  }

  /// An encodable value as the part of a JSON document.
  static func object(_ value: some Encodable) throws -> [String: Any] {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    return try JSONSerialization.jsonObject(with: encoder.encode(value)) as? [String: Any] ?? [:]
  }

  private static var processor: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }

  /// Processes that wanted to run, on average over the last minute.
  static var load: Double {
    var loads = [0.0, 0, 0]
    return getloadavg(&loads, 3) > 0 ? loads[0] : -1
  }
}
