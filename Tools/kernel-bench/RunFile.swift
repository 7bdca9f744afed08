import Benchmarking
import Foundation
import ToolSupport

/// What `kernel-bench run --json` has written.
struct RunFile: Decodable {
  let cases: [BenchRecord]
  /// By variant.
  let roofs: [String: Roofs]
  let devices: [String: String]

  /// - Throws: ``Failure`` when the file is not there or is something else.
  static func read(_ path: String) throws -> RunFile {
    guard let data = FileManager.default.contents(atPath: path) else { throw Failure("'\(path)' cannot be read.") }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do { return try decoder.decode(RunFile.self, from: data) } catch {
      throw Failure("'\(path)' is no JSON of 'kernel-bench run'.")
    }
  }
}
