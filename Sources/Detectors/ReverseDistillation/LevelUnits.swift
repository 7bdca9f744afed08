import Checkpoints
package import Compute
import Tensors

/// What the distances of each level are measured in before levels are added: `(distance − location) / scale`, of the training
/// pictures.
///
/// The sum of the paper is ruled by levels that the embedding cannot give back, and by the outermost places, which zeros beyond the
/// picture's edge make different from all others. A level has one location and one scale, and others for its outermost places
/// where distances are larger there than one and two places further in. Nothing else depends on the place: where products move
/// about, units of every place call a product defective that comes to lie where none has been.
package struct LevelUnits: Sendable {
  /// Of a level: for places inside, and for the outermost ones.
  package struct Level: Hashable, Sendable {
    package let locations: [Float]
    package let scales: [Float]
  }

  package let levels: [Level]
  /// [side, side] for every level.
  private let locations, inverseScales: [Storage]

  static let names = ["level_locations", "level_scales"]

  /// - sides: of the levels' grids
  package init(_ levels: [Level], sides: [Int], on device: any Device) throws {
    self.levels = levels
    func map(_ value: (Level, Int) -> Float) throws -> [Storage] {
      try zip(levels, sides).map { level, side in
        try Storage((0..<side * side).map { value(level, Self.depth($0, side: side) == 0 ? 1 : 0) }, on: device)
      }
    }
    locations = try map { $0.locations[$1] }
    inverseScales = try map { 1 / $0.scales[$1] }
  }

  /// Places between this one and the nearest edge.
  static func depth(_ place: Int, side: Int) -> Int {
    let (row, column) = (place / side, place % side)
    return min(row, column, side - 1 - row, side - 1 - column)
  }

  /// - distances: [1, side, side, 1]; result: the same shape
  func measured(_ distances: Tensor, level: Int) throws -> Tensor {
    try distances.combined(.subtract, with: Tensor(locations[level], shape: distances.shape))
      .combined(.multiply, with: Tensor(inverseScales[level], shape: distances.shape))
  }
}

extension LevelUnits {
  /// As a model keeps them: [levels, 2] each.
  ///
  /// - Throws: `CheckpointError` where they are missing, ``DetectorError`` where nothing can be measured in them.
  init(_ file: any TensorFile, sides: [Int], on device: any Device) throws {
    let parts = try Self.names.map { try file.tensor(named: $0, shape: [sides.count, 2]).values }
    guard parts.joined().allSatisfy(\.isFinite), parts[1].allSatisfy({ $0 > 0 }) else {
      throw DetectorError.model(path: file.path, reason: "its levels' units are damaged")
    }
    try self.init(
      sides.indices.map {
        Level(locations: Array(parts[0][2 * $0..<2 * $0 + 2]), scales: Array(parts[1][2 * $0..<2 * $0 + 2]))
      },
      sides: sides, on: device)
  }

  var tensors: [String: HostTensor] {
    let parts = [levels.flatMap(\.locations), levels.flatMap(\.scales)]
    return Dictionary(
      uniqueKeysWithValues: zip(Self.names, parts).map { ($0, HostTensor(shape: [levels.count, 2], values: $1)) })
  }
}

extension LevelUnits {
  /// A level's distances in many pictures, taken together.
  package struct Observation: Sendable {
    /// Places that are alike, with the means over pictures of a picture's mean and variance there.
    private struct Part: Sendable {
      let places: [Int]
      var mean = 0.0
      var variance = 0.0

      init(_ places: [Int]) { self.places = places }

      mutating func add(_ distances: [Float]) {
        guard !places.isEmpty else { return }
        let count = Double(places.count)
        let own = places.reduce(0) { $0 + Double(distances[$1]) } / count
        mean += own
        variance += places.reduce(0) { $0 + (Double(distances[$1]) - own) * (Double(distances[$1]) - own) } / count
      }
    }

    private var pictures = 0.0
    private var inside, next, outermost: Part

    /// Scales are at least this part of the mean distance.
    private static let smallest = 0.01

    /// - inspected: places of [side, side] that count
    package init(side: Int, inspected: [Int]) {
      func places(_ depths: ClosedRange<Int>) -> [Int] {
        inspected.filter { depths.contains(LevelUnits.depth($0, side: side)) }
      }
      let within = places(1...side)
      (inside, next, outermost) = (Part(within.isEmpty ? inspected : within), Part(places(1...2)), Part(places(0...0)))
    }

    /// - distances: [side · side], of one picture
    package mutating func add(_ distances: [Float]) {
      pictures += 1
      inside.add(distances)
      next.add(distances)
      outermost.add(distances)
    }

    package var level: Level {
      let count = max(pictures, 1)
      let mean = inside.mean / count
      let least = max(Self.smallest * mean, Double(Float.ulpOfOne))
      let scale = max((inside.variance / count).squareRoot(), least)
      guard !next.places.isEmpty, !outermost.places.isEmpty else {
        return Level(locations: [Float(mean), Float(mean)], scales: [Float(scale), Float(scale)])
      }
      let excess = max(outermost.mean - next.mean, 0) / count
      let ratio = next.variance > 0 ? max(outermost.variance / next.variance, 1).squareRoot() : 1
      return Level(locations: [Float(mean), Float(mean + excess)], scales: [Float(scale), Float(scale * ratio)])
    }
  }
}
