import Benchmarking
import Foundation
import OpCatalogue

/// What a report says of one case on one variant.
struct BenchRecord: Codable {
  enum Status: String, Codable {
    case ok, unstable, wrong, failed
    case buildFailed = "build_failed"
    /// Of a case in a child process.
    case crash, timeout
  }

  /// What the caches hold when a launch begins: its own data, or something else.
  enum Temperature: String, Codable { case hot, cold }

  /// How the outputs were checked before they were timed.
  struct Verification: Codable {
    /// `float64`, the name of the variant compared with, or `nothing`.
    var against: String
    var nrmse: Double?
    var bound: Double?
    var passed: Bool
  }

  var id: String
  var op: String
  var params: String
  var variant: String
  var status = Status.ok
  var temperature: Temperature?
  /// `event` (the driver's clock) or `wall` (the host's).
  var timer: String?
  var message = ""
  var model: WorkModel
  /// Launches a sample.
  var block = 0
  var samples: [Double] = []
  var stats: SampleStatistics?
  var firstMilliseconds: Double?
  /// Milliseconds of the first run in which programs were built, and whether all came from the program cache.
  var buildMilliseconds: Double?
  var isFromCache: Bool?
  var gflops: Double?
  var gbs: Double?
  var intensity: Double
  var bound: Roofs.Bound?
  /// The least time that the roofs allow, as a part of the time measured, in percent.
  var percentOfRoof: Double?
  /// The CPU path's time over this one's, measured in turn.
  var blasRatio: Double?
  var verified: Verification?
  var calibrationBefore: Double?
  var calibrationAfter: Double?

  private enum CodingKeys: String, CodingKey {
    case id, op, params, variant, status, temperature, timer, message, model, block, stats, gflops, gbs, bound, verified
    case samples = "samples_ns"
    case firstMilliseconds = "first_ms"
    case buildMilliseconds = "build_ms"
    case isFromCache = "from_cache"
    case intensity = "ai"
    case percentOfRoof = "pct_roof"
    case blasRatio = "blas_ratio"
    case calibrationBefore = "calib_before"
    case calibrationAfter = "calib_after"
  }

  init(_ made: OpCase, variant: String) {
    id = "\(made.operation) \(made.parameters) \(variant)"
    op = made.operation
    params = made.parameters.description
    self.variant = variant
    model = WorkModel(
      floatingPointOperations: made.floatingPointOperations, bytes: made.bytesMoved, exponentials: made.exponentials)
    intensity = model.intensity
  }

  /// Nanoseconds of each launch, and what follows from them.
  ///
  /// - seconds: the time that rates are taken from
  mutating func take(_ seconds: [Double], _ roofs: Roofs, rated statistic: Statistic) {
    samples = seconds.map { ($0 * 1e9).rounded() }
    let stats = SampleStatistics(samples)
    self.stats = stats
    let time = statistic.value(stats) * 1e-9
    gflops = Double(model.floatingPointOperations) / time * 1e-9
    gbs = Double(model.bytes) / time * 1e-9
    let limit = roofs.limit(of: model)
    bound = limit.bound
    percentOfRoof = 100 * limit.seconds / time
  }

  static let header = [
    "operation", "shape", "variant", "p10 us", "median", "cv", "GF/s", "GB/s", "AI", "bound", "%roof", "vs BLAS",
    "1st ms", "status",
  ]

  var row: [String] {
    func text(_ value: Double?, _ format: String) -> String { value.map { String(format: format, $0) } ?? "-" }
    let mark = percentOfRoof.map { $0 < 20 ? "!!" : $0 < 50 ? "!" : "" } ?? ""
    return [
      op, params, temperature == .cold ? "\(variant), cold" : variant, text(stats.map { $0.p10 / 1000 }, "%.1f"),
      text(stats.map { $0.median / 1000 }, "%.1f"),
      text(stats.map { $0.variation * 100 }, "%.1f%%"), model.floatingPointOperations > 0 ? text(gflops, "%.1f") : "-",
      text(gbs, "%.1f"), text(intensity, "%.1f"), bound?.rawValue ?? "-", text(percentOfRoof, "%.0f%%") + mark,
      text(blasRatio, "%.2fx"), text(firstMilliseconds, "%.0f"), status.rawValue,
    ]
  }
}
