import Foundation
import ToolSupport

/// Instructions by kernel, as a file keeps them: by what they depend on, since another processor or compiler counts
/// something else.
struct InstructionCounts: Codable, Equatable {
  /// By the kernels' shape with target and versions, then by kernel.
  var baselines: [String: [String: Int]] = [:]

  /// - Throws: ``Failure`` when the file is not there or holds something else.
  static func read(_ path: String) throws -> InstructionCounts {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("The counts '\(path)' cannot be read; make them with --update-baseline.")
    }
    do { return try JSONDecoder().decode(InstructionCounts.self, from: data) } catch {
      throw Failure("'\(path)' holds no counts; make them with --update-baseline.")
    }
  }

  /// One kernel, now and in a record.
  struct Change: Codable, Equatable {
    enum Verdict: String, Codable { case same, more, fewer, added, gone }

    var kernel: String
    var before: Int?
    var now: Int?
    var verdict: Verdict

    var row: [String] {
      var ratio = "-"
      if let before, let now, before > 0 { ratio = String(format: "%+.2f%%", 100 * (Double(now) / Double(before) - 1)) }
      return [kernel, before.map(String.init) ?? "-", now.map(String.init) ?? "-", ratio, verdict.rawValue]
    }
  }

  /// - tolerance: a part of the count before
  static func changes(from before: [String: Int], to now: [String: Int], tolerance: Double) -> [Change] {
    Set(before.keys).union(now.keys).sorted().map { kernel in
      let (old, new) = (before[kernel], now[kernel])
      return Change(kernel: kernel, before: old, now: new, verdict: verdict(old, new, tolerance))
    }
  }

  private static func verdict(_ before: Int?, _ now: Int?, _ tolerance: Double) -> Change.Verdict {
    guard let before else { return .added }
    guard let now else { return .gone }
    let change = Double(now - before)
    guard abs(change) > tolerance * Double(before) else { return .same }
    return change > 0 ? .more : .fewer
  }
}
