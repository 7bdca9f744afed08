package import Checkpoints
package import Compute
import Foundation
package import Tensors

/// How far student and teacher are apart in normal pictures, at every place of every level: mean and deviation.
///
/// A level that gives textures back badly, and the border of pictures, are no reason for alarm. In units of what is normal there,
/// levels can be added: `Σ (distance − mean) / deviation`. The paper adds the distances themselves.
package struct NormalDistances: Sendable {
  /// [side, side] each, for every level.
  private let sides: [Int]
  private let means, inverseDeviations: [Storage]

  /// Few pictures say little of a place: this many more are taken to be as the whole level is.
  private static let prior = 4.0
  /// Neighbouring places are alike: smoothing in places of the deepest level.
  private static let neighbourhood = 0.5
  /// Deviations are at least this part of the level's mean distance.
  private static let smallestDeviation = 0.01

  /// Of sums over normal pictures.
  package init(_ sums: [Sums], on device: any Device) throws {
    sides = sums.map(\.side)
    let deepest = sides.min() ?? 1
    let levels = try sums.map { level in
      try level.statistics(
        prior: Self.prior, sigma: Self.neighbourhood * Double(level.side) / Double(deepest),
        smallest: Self.smallestDeviation, on: device)
    }
    (means, inverseDeviations) = (levels.map(\.mean), levels.map(\.inverseDeviation))
  }

  /// - distances: [1, height, width, 1]; result: the same shape
  package func normalized(_ distances: Tensor, level: Int) throws -> Tensor {
    try distances.combined(.subtract, with: Tensor(means[level], shape: distances.shape))
      .combined(.multiply, with: Tensor(inverseDeviations[level], shape: distances.shape))
  }
}

extension NormalDistances {
  /// As a model keeps them.
  package init(_ file: any TensorFile, sides: [Int], on device: any Device) throws {
    self.sides = sides
    func read(_ kind: String) throws -> [Storage] {
      try sides.enumerated().map { level, side in
        let name = Self.name(kind, level)
        let values = try file.tensor(named: name, shape: [side, side]).values
        guard values.allSatisfy(\.isFinite) else { throw DetectorError.notFinite(what: "'\(name)' in \(file.path)") }
        return try Storage(values, on: device)
      }
    }
    (means, inverseDeviations) = (try read("mean"), try read("inverse_deviation"))
  }

  package func tensors() throws -> [String: HostTensor] {
    var named: [String: HostTensor] = [:]
    for (kind, levels) in [("mean", means), ("inverse_deviation", inverseDeviations)] {
      for (level, (side, values)) in zip(sides, levels).enumerated() {
        named[Self.name(kind, level)] = HostTensor(shape: [side, side], values: try values.values())
      }
    }
    return named
  }

  static func isName(_ name: String) -> Bool { name.hasPrefix("normal_distances.") }
  private static func name(_ kind: String, _ level: Int) -> String { "normal_distances.level\(level).\(kind)" }
}

extension NormalDistances {
  /// Sums of a level's distances and of their squares over pictures, at every place of [side, side].
  package struct Sums {
    let side: Int
    private var pictures = 0.0
    private var values, squares: [Double]

    package init(side: Int) {
      self.side = side
      values = [Double](repeating: 0, count: side * side)
      squares = values
    }

    package mutating func add(_ distances: [Float]) { add(distances, sign: 1) }

    /// Without a picture that was added.
    package func without(_ distances: [Float]) -> Sums {
      var others = self
      others.add(distances, sign: -1)
      return others
    }

    private mutating func add(_ distances: [Float], sign: Double) {
      pictures += sign
      for place in values.indices {
        let distance = Double(distances[place])
        values[place] += sign * distance
        squares[place] += sign * distance * distance
      }
    }

    /// Means and deviations, drawn towards the level's and smoothed over neighbours.
    func statistics(
      prior: Double, sigma: Double, smallest: Double, on device: any Device
    ) throws -> (mean: Storage, inverseDeviation: Storage) {
      func smoothed(_ values: [Double]) throws -> [Float] {
        try Tensor(values.map(Float.init), shape: [1, side, side, 1], on: device).gaussianSmoothed(sigma: sigma)
          .values()
      }
      let count = max(pictures, 1)
      let levelMean = values.reduce(0, +) / (count * Double(values.count))
      let means = try smoothed(values.map { ($0 + prior * levelMean) / (count + prior) })
      // Σ (x − m)² = Σ x² − 2 m Σ x + n m²
      let spreads = values.indices.map { place in
        let mean = Double(means[place])
        return max(squares[place] - 2 * mean * values[place] + count * mean * mean, 0)
      }
      let levelVariance = spreads.reduce(0, +) / (count * Double(values.count))
      let least = smallest * levelMean * smallest * levelMean + Double(Float.leastNormalMagnitude)
      let variances = try smoothed(spreads.map { ($0 + prior * levelVariance) / (count + prior) })
      return (
        try Storage(means, on: device),
        try Storage(variances.map { 1 / Float(max(Double($0), least).squareRoot()) }, on: device)
      )
    }
  }
}
