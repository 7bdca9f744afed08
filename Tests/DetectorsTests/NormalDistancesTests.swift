import Checkpoints
import Compute
import Detectors
import Foundation
import Tensors
import TestSupport
import Testing

/// What distances are normal, place by place.
@Suite("Normal distances")
struct NormalDistancesTests {
  private static let sides = [7, 3]

  /// [pictures][levels][places]
  private static func pictures(_ count: Int) -> [[[Float]]] {
    var reproducible = Reproducible(5)
    return (0..<count).map { _ in sides.map { side in reproducible.floats(side * side).map { 0.2 + abs($0) } } }
  }

  private static func sums(_ pictures: [[[Float]]]) -> [NormalDistances.Sums] {
    var sums = sides.map { NormalDistances.Sums(side: $0) }
    for picture in pictures { for level in sides.indices { sums[level].add(picture[level]) } }
    return sums
  }

  private static func normalized(
    _ normal: NormalDistances, _ picture: [[Float]], on device: any Device
  ) throws -> [[Float]] {
    try sides.indices.map { level in
      try normal.normalized(
        Tensor(picture[level], shape: [1, sides[level], sides[level], 1], on: device), level: level
      ).values()
    }
  }

  /// The definition in Float64, by sums over every pair of places.
  private static func expected(_ pictures: [[[Float]]], of picture: [[Float]]) -> [[Float]] {
    sides.indices.map { level in
      let (side, count, prior) = (sides[level], Double(pictures.count), 4.0)
      let sigma = 0.5 * Double(side) / 3
      func reflected(_ place: Int) -> Int {
        let folded = ((place % (2 * side)) + 2 * side) % (2 * side)
        return folded < side ? folded : 2 * side - 1 - folded
      }
      func smoothed(_ map: [Double]) -> [Double] {
        let radius = Int(4 * sigma + 0.5)
        let taps = (-radius...radius).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let total = taps.reduce(0, +)
        return (0..<side * side).map { place in
          var sum = 0.0
          for down in -radius...radius {
            for right in -radius...radius {
              let weight = taps[down + radius] * taps[right + radius] / (total * total)
              sum += weight * map[reflected(place / side + down) * side + reflected(place % side + right)]
            }
          }
          return sum
        }
      }
      func averaged(_ value: (_ picture: [[Float]], _ place: Int) -> Double) -> [Double] {
        let means = (0..<side * side).map { place in pictures.reduce(0) { $0 + value($1, place) } / count }
        let overall = means.reduce(0, +) / Double(means.count)
        return smoothed(means.map { (count * $0 + prior * overall) / (count + prior) })
      }
      let mean = averaged { Double($0[level][$1]) }
      let variance = averaged { picture, place in
        let difference = Double(picture[level][place]) - mean[place]
        return difference * difference
      }
      return (0..<side * side).map { Float((Double(picture[level][$0]) - mean[$0]) / variance[$0].squareRoot()) }
    }
  }

  @Test(arguments: TestDevice.all, [2, 5])
  func theyFollowTheirDefinition(_ tested: TestDevice, count: Int) throws {
    let pictures = Self.pictures(count)
    let normal = try NormalDistances(Self.sums(pictures), on: tested.device)
    let other = Self.pictures(count + 1)[count]
    let found = try Self.normalized(normal, other, on: tested.device)
    for (level, expected) in Self.expected(pictures, of: other).enumerated() {
      expectEqual(found[level], expected, within: Tolerance(ofLargest: 1e-5 / Tolerance.unit), "level \(level)")
    }
  }

  @Test func aPictureThatIsTakenOutWasNeverThere() throws {
    let device = TestDevice.all[0].device
    let pictures = Self.pictures(4)
    let all = Self.sums(pictures)
    let without = try NormalDistances(zip(all, pictures[1]).map { $0.without($1) }, on: device)
    let others = try NormalDistances(Self.sums([pictures[0], pictures[2], pictures[3]]), on: device)
    let (found, expected) = (
      try Self.normalized(without, pictures[1], on: device), try Self.normalized(others, pictures[1], on: device)
    )
    for level in Self.sides.indices {
      expectEqual(found[level], expected[level], within: Tolerance(ofLargest: 1e-6 / Tolerance.unit), "\(level)")
    }
  }

  /// Where normal pictures do not differ at all, a difference is strange, and finite.
  @Test func equalPicturesLeaveNumbersFinite() throws {
    let device = TestDevice.all[0].device
    let picture = Self.sides.map { [Float](repeating: 0.25, count: $0 * $0) }
    let normal = try NormalDistances(Self.sums([picture, picture, picture]), on: device)
    let other = picture.map { $0.map { $0 + 0.25 } }
    for values in try Self.normalized(normal, other, on: device) {
      #expect(values.allSatisfy { $0 > 50 && $0 <= 101 })
    }
  }

  @Test func theyComeBackFromAFile() throws {
    let device = TestDevice.all[0].device
    let pictures = Self.pictures(3)
    let normal = try NormalDistances(Self.sums(pictures), on: device)
    var tensors = try normal.tensors()
    let loaded = try NormalDistances(HostTensors(tensors, from: "a test"), sides: Self.sides, on: device)
    #expect(
      try Self.normalized(loaded, pictures[0], on: device) == Self.normalized(normal, pictures[0], on: device))
    #expect(throws: CheckpointError.self) {
      try NormalDistances(HostTensors(tensors, from: "a test"), sides: [7, 4], on: device)
    }
    tensors["normal_distances.level1.mean"] = HostTensor(shape: [3, 3], values: [Float](repeating: .nan, count: 9))
    #expect(throws: DetectorError.self) {
      try NormalDistances(HostTensors(tensors, from: "a test"), sides: Self.sides, on: device)
    }
  }
}
