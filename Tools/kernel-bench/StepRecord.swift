import Benchmarking
import Foundation
import ToolSupport

/// One pass of a network: as a whole, and by operations.
struct StepRecord {
  struct Layer {
    let operation: String
    let shape: String
    let model: WorkModel
    /// The median over passes.
    let seconds: Double
  }

  /// What rows of a table are sorted by.
  enum Order: String, CaseIterable {
    case recoverable, time
  }

  /// Seconds of passes that were not recorded.
  let wall: [Double]
  let layers: [Layer]
  let peakBytes: Int

  /// Layers of one operation and shape.
  private struct Group {
    let first: Layer
    var calls = 0
    var seconds = 0.0
    var limit = 0.0
    let bound: Roofs.Bound
    /// Beyond what 80 % of the roof would take.
    var recoverable: Double { max(seconds - limit / 0.8, 0) }
  }

  private func groups(_ roofs: Roofs, order: Order = .recoverable) -> [Group] {
    var groups: [String: Group] = [:]
    for layer in layers {
      let limit = roofs.limit(of: layer.model)
      var group = groups["\(layer.operation) \(layer.shape)"] ?? Group(first: layer, bound: limit.bound)
      group.calls += 1
      group.seconds += layer.seconds
      group.limit += limit.seconds
      groups["\(layer.operation) \(layer.shape)"] = group
    }
    func key(_ group: Group) -> Double { order == .time ? group.seconds : group.recoverable }
    return groups.values.sorted { (key($0), $1.first.shape) > (key($1), $0.first.shape) }
  }

  private var busy: Double { layers.reduce(0) { $0 + $1.seconds } }

  private func headline(_ roofs: Roofs) -> String {
    let flops = Double(layers.reduce(0) { $0 + $1.model.floatingPointOperations })
    let median = SampleStatistics(wall).median
    return String(
      format: "step %.2f ms (p10 %.2f) | %.1f GFLOP/s, %.0f%% of FMA | sum of operations %.2f ms in %d | peak %d MiB",
      median * 1000, SampleStatistics(wall).p10 * 1000, flops / median * 1e-9,
      100 * flops / median * 1e-9 / roofs.multiplyAdd, busy * 1000, layers.count, peakBytes >> 20)
  }

  func hotspotTable(_ roofs: Roofs, top: Int, order: Order) -> String {
    var table = Table(
      ["operation", "shape", "calls", "ms", "%step", "cum%", "us each", "GF/s", "%roof", "bound", "recoverable ms"],
      leftColumns: 2)
    var together = 0.0
    for group in groups(roofs, order: order).prefix(top) {
      together += group.seconds
      let flops = Double(group.first.model.floatingPointOperations * group.calls)
      table.add([
        group.first.operation, group.first.shape, "\(group.calls)", String(format: "%.3f", group.seconds * 1000),
        String(format: "%.1f", 100 * group.seconds / busy), String(format: "%.1f", 100 * together / busy),
        String(format: "%.0f", group.seconds / Double(group.calls) * 1e6),
        String(format: "%.1f", flops / group.seconds * 1e-9),
        String(format: "%.0f%%", 100 * group.limit / group.seconds), group.bound.rawValue,
        String(format: "%.3f", group.recoverable * 1000),
      ])
    }
    return "\(headline(roofs))\n\(table.text)\n\(launchBound(roofs))"
  }

  /// Calls so short that starting them counts.
  private func launchBound(_ roofs: Roofs) -> String {
    let short = layers.filter { $0.seconds < 3 * roofs.finish * 1e-6 }
    let seconds = short.reduce(0) { $0 + $1.seconds }
    return String(
      format: "launch-bound operations (less than 3 launches with finish): %d calls, %.2f ms", short.count,
      seconds * 1000)
  }

  /// In the order of the pass.
  func layerTable(_ roofs: Roofs) -> String {
    var table = Table(["layer", "operation", "shape", "us", "%step", "GF/s", "GB/s", "%roof", "bound"], leftColumns: 3)
    for (index, layer) in layers.enumerated() {
      let limit = roofs.limit(of: layer.model)
      table.add([
        "\(index)", layer.operation, layer.shape, String(format: "%.0f", layer.seconds * 1e6),
        String(format: "%.1f", 100 * layer.seconds / busy),
        String(format: "%.1f", Double(layer.model.floatingPointOperations) / layer.seconds * 1e-9),
        String(format: "%.1f", Double(layer.model.bytes) / layer.seconds * 1e-9),
        String(format: "%.0f%%", 100 * limit.seconds / layer.seconds), limit.bound.rawValue,
      ])
    }
    return "\(headline(roofs))\n\(table.text)"
  }

  func object(_ roofs: Roofs) throws -> [String: Any] {
    [
      "wall_ns": wall.map { ($0 * 1e9).rounded() }, "busy_ns": (busy * 1e9).rounded(), "launches": layers.count,
      "peak_bytes": peakBytes, "roofs": try RunDescription.object(roofs),
      "layers": try layers.map { layer in
        let limit = roofs.limit(of: layer.model)
        return [
          "op": layer.operation, "shape": layer.shape, "ns": (layer.seconds * 1e9).rounded(),
          "model": try RunDescription.object(layer.model), "bound": limit.bound.rawValue,
          "pct_roof": 100 * limit.seconds / layer.seconds,
        ] as [String: Any]
      },
      "kernels": groups(roofs).map { group in
        [
          "op": group.first.operation, "shape": group.first.shape, "calls": group.calls,
          "ns": (group.seconds * 1e9).rounded(), "recoverable_ns": (group.recoverable * 1e9).rounded(),
        ] as [String: Any]
      },
    ]
  }
}
