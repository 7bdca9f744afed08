import Backbones
import Compute
import Detectors
import Tensors
import TestSupport
import Testing

/// The selection is greedy: each pick is a row that is farthest from all earlier ones, up to rounding.
@Suite("Coreset selection")
struct CoresetSelectionTests {
  private static let width = 152
  #if DEBUG
    private static let (rows, picks) = (1000, 60)
  #else
    private static let (rows, picks) = (5000, 500)
  #endif

  @Test(
    .enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
  func everyPickOfRealDescriptorsIsFarthest() throws {
    var selected: [[Int32]] = []
    var described: [Float] = []
    for tested in TestDevice.all {
      // One device's descriptors for all: networks on two devices differ in their last places.
      if described.isEmpty { described = try Self.realDescriptors(on: tested.device) }
      selected.append(try Self.select(described, width: Self.width, count: Self.picks, on: tested.device))
    }
    try Self.check(selected, described, width: Self.width, count: Self.picks)
  }

  @Test func everyPickOfClusteredRowsIsFarthest() throws {
    // 40 clusters of unequal size and spread, far from the origin, as descriptors are.
    var reproducible = Reproducible(3)
    let centres = reproducible.floats(40 * Self.width)
    let noise = reproducible.floats(Self.rows * Self.width)
    let values = (0..<(Self.rows * Self.width)).map { index in
      let (row, column) = (index / Self.width, index % Self.width)
      let cluster = row * row % 40
      return 3 + centres[cluster * Self.width + column] + noise[index] / Float(2 + cluster)
    }
    let selected = try TestDevice.all.map {
      try Self.select(values, width: Self.width, count: Self.picks, on: $0.device)
    }
    try Self.check(selected, values, width: Self.width, count: Self.picks)
  }

  /// On whole numbers every distance is exact, so equal ones are equal, and there are many.
  @Test(arguments: TestDevice.all, [1, 3, 17])
  func theSmallestIndexOfEqualDistancesIsPicked(_ tested: TestDevice, width: Int) throws {
    var reproducible = Reproducible(width)
    let (rows, count) = (211, 40)
    let values = reproducible.integers(rows * width, range: width == 1 ? 50 : 2)
    let found = try Self.select(values, width: width, count: count, on: tested.device)
    var expected: [Int32] = [0]
    var least = [Int](repeating: .max, count: rows)
    while expected.count < count {
      let last = Int(expected[expected.count - 1])
      for row in 0..<rows {
        var distance = 0
        for column in 0..<width {
          let difference = Int(values[row * width + column] - values[last * width + column])
          distance += difference * difference
        }
        least[row] = min(least[row], distance)
      }
      guard let farthest = least.max(), farthest > 0, let row = least.firstIndex(of: farthest) else { break }
      expected.append(Int32(row))
    }
    #expect(found == expected)
  }

  @Test(arguments: TestDevice.all)
  func duplicatesEndTheSelection(_ tested: TestDevice) throws {
    var reproducible = Reproducible(11)
    let width = 19
    let distinct = reproducible.floats(7 * width)
    var values: [Float] = []
    for row in 0..<50 {
      let source = row * 3 % 7 * width
      values += distinct[source..<(source + width)]
    }
    let picks = try Self.select(values, width: width, count: 20, on: tested.device)
    #expect(Set(picks.map { $0 * 3 % 7 }).count == 7)
    #expect(picks.count == 7)
    #expect(picks.first == 0)
    // All rows equal: one is enough.
    #expect(try Self.select([Float](repeating: 2.5, count: 30), width: 3, count: 4, on: tested.device) == [0])
  }

  @Test(arguments: TestDevice.all)
  func aLongerSelectionStartsWithTheShorterOne(_ tested: TestDevice) throws {
    var reproducible = Reproducible(5)
    // More than one stretch of 256 picks.
    let values = reproducible.floats(400 * 5)
    let long = try Self.select(values, width: 5, count: 400, on: tested.device)
    let short = try Self.select(values, width: 5, count: 57, on: tested.device)
    #expect(short == Array(long.prefix(57)))
    #expect(Set(long).count == 400)
  }

  @Test(arguments: TestDevice.all)
  func progressMayStopTheSelection(_ tested: TestDevice) throws {
    struct Stopped: Error {}
    var reproducible = Reproducible(5)
    let rows = try Tensor(reproducible.floats(300 * 4), shape: [300, 4], on: tested.device)
    var reported: [Int] = []
    #expect(throws: Stopped.self) {
      try CoresetSelection.picks(of: rows, count: 300) { made in
        reported.append(made)
        throw Stopped()
      }
    }
    #expect(reported == [257])
  }

  private static func select(_ values: [Float], width: Int, count: Int, on device: any Device) throws -> [Int32] {
    let rows = try Tensor(values, shape: [values.count / width, width], on: device)
    return try CoresetSelection.picks(of: rows, count: count) { _ in }
  }

  /// All selections are the same and greedy: the first row, then always one whose distance to the nearest earlier
  /// pick is the largest, but for rounding.
  private static func check(_ selections: [[Int32]], _ values: [Float], width: Int, count: Int) throws {
    let picks = try #require(selections.first)
    for other in selections { #expect(other == picks) }
    #expect(picks.count == count)
    #expect(picks.first == 0)
    #expect(Set(picks).count == count)
    // A squared distance is a sum of `width / 16` positive terms in a lane and four more additions, two roundings each
    // term: so many units, once in the picked row's distance and once in the farthest one's.
    let bound = 2 * Double(width / 16 + 7) * Tolerance.unit
    let rows = values.count / width
    var least = [Double](repeating: .infinity, count: rows)
    var worst = 0.0
    values.withUnsafeBufferPointer { values in
      for step in 1..<count {
        let centre = Int(picks[step - 1]) * width
        for row in 0..<rows {
          var distance = 0.0
          for column in 0..<width {
            let difference = Double(values[row * width + column]) - Double(values[centre + column])
            distance += difference * difference
          }
          if distance < least[row] { least[row] = distance }
        }
        worst = max(worst, 1 - least[Int(picks[step])] / (least.max() ?? .nan))
      }
    }
    #expect(worst <= bound, "a pick's squared distance is \(worst) below the largest, \(bound) is allowed")
  }

  private static func realDescriptors(on device: any Device) throws -> [Float] {
    let extractor = DescriptorExtractor(
      try LoadedBackbone(.efficientNetLite0, on: device).backbone, size: 256, strides: [8, 16])
    try #require(extractor.width == width)
    var values: [Float] = []
    var number = 0
    while values.count < rows * width {
      let picture = NetworkPicture(try DrawnPictures.texture(number, size: 256), size: 256)
      values += try extractor.descriptors(of: picture).values()
      number += 1
    }
    return Array(values.prefix(rows * width))
  }
}
