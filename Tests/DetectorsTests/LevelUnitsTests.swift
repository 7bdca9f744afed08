import Backbones
import Checkpoints
import Compute
import Detectors
import Foundation
import Images
import Networks
import Tensors
import TestSupport
import Testing

/// Students of a backbone with random weights: what they are off by is compared with definitions in Double.
@Suite("Units of levels")
struct LevelUnitsTests {
  private static func configuration(measured: Bool = true) -> ReverseDistillationConfiguration {
    var configuration = ReverseDistillationConfiguration(.fast)
    (configuration.size, configuration.length, configuration.batch) = (64, .steps(2), 3)
    (configuration.augmentation, configuration.variants, configuration.normalizesLevels) = (nil, nil, measured)
    configuration.smoothingSigma = 4
    return configuration
  }

  private static func backbone(_ device: any Device) throws -> any Backbone {
    try LoadedBackbone(.efficientNetLite0, weights: "random:5", on: device).backbone
  }

  private static func picture(_ number: Int) throws -> NetworkPicture {
    NetworkPicture(try DrawnPictures.texture(number), size: 64)
  }

  private static func fit(measured: Bool = true, ignored: Mask? = nil, on device: any Device) throws
    -> ReverseDistillation
  {
    var fitting = Fitting(pictures: 3) { try picture($0) }
    fitting.ignored = ignored
    return try ReverseDistillation.fit(configuration(measured: measured), backbone: backbone(device), fitting)
  }

  /// `1 − cos` at every place of every level, by a student with the model's values.
  ///
  /// - ignoredColumns: at the left; no network sees them
  private static func distances(
    _ model: ReverseDistillation, _ picture: NetworkPicture, ignoredColumns: Int = 0
  ) throws -> [[Double]] {
    let (backbone, plan) = (model.backbone, try ReverseDistillationPlan.plan(for: .efficientNetLite0))
    let seen = picture.values.indices.map { index in
      index / 3 % 64 < ignoredColumns ? backbone.normalization.offset[index % 3] : picture.values[index]
    }
    let input = try backbone.normalization(Tensor(seen, shape: [1, 64, 64, 3], on: backbone.device))
    let teachers = try backbone.features(input, strides: plan.strides).enumerated().map { level, features in
      let (side, channels) = (64 / plan.strides[level], plan.channels[level])
      let values = try features.values().enumerated().map { index, value in
        index / channels % side * plan.strides[level] < ignoredColumns ? 0 : value
      }
      return try Tensor(values, shape: features.shape, on: backbone.device)
    }
    let network = try ReverseDistillationNetwork(
      plan, NetworkBuilder(on: backbone.device), HostTensors(model.tensors(), from: "a test"))
    return try zip(network(teachers, .inference), zip(teachers, plan.channels)).map { student, teacher in
      let (s, t) = (try student.values().map(Double.init), try teacher.0.values().map(Double.init))
      return stride(from: 0, to: s.count, by: teacher.1).map { start in
        let place = start..<(start + teacher.1)
        func product(_ a: [Double], _ b: [Double]) -> Double { place.reduce(0) { $0 + a[$1] * b[$1] } }
        return 1 - product(s, t) / (product(s, s) * product(t, t)).squareRoot()
      }
    }
  }

  /// Places between this one and the nearest edge.
  private static func depth(_ place: Int, _ side: Int) -> Int {
    min(place / side, place % side, side - 1 - place / side, side - 1 - place % side)
  }

  /// Of the inspected places of all training pictures.
  @Test(arguments: TestDevice.oneOfEachKind, [0, 32])
  func theyAreThoseOfTheTrainingPictures(_ tested: TestDevice, ignoredColumns: Int) throws {
    let ignored = Mask(width: 64, height: 64, values: (0..<4096).map { $0 % 64 < ignoredColumns ? 1 : 0 })
    let model = try Self.fit(ignored: ignoredColumns > 0 ? ignored : nil, on: tested.device)
    let tensors = try model.tensors()
    let (locations, scales) = (try #require(tensors["level_locations"]), try #require(tensors["level_scales"]))
    #expect(locations.shape == [3, 2] && scales.shape == [3, 2])
    let pictures = try (0..<3).map {
      try Self.distances(model, Self.picture($0), ignoredColumns: ignoredColumns)
    }
    for level in 0..<3 {
      let side = 16 >> level
      /// Mean over pictures of a picture's mean and variance.
      func statistics(_ depths: ClosedRange<Int>) -> (mean: Double, variance: Double) {
        let parts = pictures.map { picture -> (Double, Double) in
          let part = picture[level].indices.filter {
            $0 % side * (4 << level) >= ignoredColumns && depths.contains(Self.depth($0, side))
          }.map { picture[level][$0] }
          let mean = part.reduce(0, +) / Double(part.count)
          return (mean, part.reduce(0) { $0 + $1 * $1 } / Double(part.count) - mean * mean)
        }
        return (parts.reduce(0) { $0 + $1.0 } / 3, parts.reduce(0) { $0 + $1.1 } / 3)
      }
      let (inside, next, outermost) = (statistics(1...side), statistics(1...2), statistics(0...0))
      let expected = [
        inside.mean, inside.mean + max(outermost.mean - next.mean, 0), inside.variance.squareRoot(),
        inside.variance.squareRoot() * max(outermost.variance / next.variance, 1).squareRoot(),
      ]
      let found = (locations.values[2 * level..<2 * level + 2] + scales.values[2 * level..<2 * level + 2]).map(
        Double.init)
      for (found, expected) in zip(found, expected) {
        #expect(abs(found - expected) <= 1e-3 * expected, "level \(level)")
      }
    }
  }

  /// `Σ (distance − location) / scale`, or `Σ distance`, resized and smoothed.
  @Test(arguments: TestDevice.oneOfEachKind, [false, true])
  func mapsAreSumsInUnits(_ tested: TestDevice, measured: Bool) throws {
    let model = try Self.fit(measured: measured, on: tested.device)
    let tensors = try model.tensors()
    let (locations, scales) = (tensors["level_locations"]?.values, tensors["level_scales"]?.values)
    #expect((locations != nil) == measured && (scales != nil) == measured)
    let levels = try Self.distances(model, Self.picture(7)).enumerated().map { level, distances in
      let side = 16 >> level
      let values = distances.enumerated().map { place, distance in
        let unit = 2 * level + (Self.depth(place, side) == 0 ? 1 : 0)
        return (Float(distance) - (locations?[unit] ?? 0)) / (scales?[unit] ?? 1)
      }
      return try Tensor(values, shape: [1, side, side, 1], on: tested.device)
        .resampled(.bilinearAlignCorners, height: 64, width: 64).values()
    }
    let sum = (0..<4096).map { levels[0][$0] + levels[1][$0] + levels[2][$0] }
    let expected = try Tensor(sum, shape: [1, 64, 64, 1], on: tested.device).gaussianSmoothed(sigma: 4).values()
    try expectEqual(
      model.inspect(Self.picture(7)).map.values, expected, within: Tolerance(ofLargest: 1e-3 / Tolerance.unit), "map")
  }

  /// A level of 5 x 5 places whose values are chosen for each depth.
  private static func level(
    _ outermost: [Float], _ next: [Float], middle: Float, inspected: [Int] = Array(0..<25)
  ) -> LevelUnits.Level {
    var observation = LevelUnits.Observation(side: 5, inspected: inspected)
    observation.add(
      (0..<25).map { place in
        switch depth(place, 5) {
        case 0: outermost[place % outermost.count]
        case 1: next[place % next.count]
        default: middle
        }
      })
    return observation.level
  }

  /// Only what is larger at the border than beside it is made smaller there.
  @Test func borderPlacesAreNeverMadeToCountMore() {
    let calm = Self.level([0.1], [0.4, 0.6], middle: 0.5)
    #expect(calm.locations[1] == calm.locations[0] && calm.scales[1] == calm.scales[0])
    #expect(abs(calm.locations[0] - 0.5) <= 1e-2 && abs(calm.scales[0] - 0.0943) <= 2e-3)
    let loud = Self.level([0.7, 1.1], [0.4, 0.6], middle: 0.5)
    #expect(loud.locations[0] == calm.locations[0] && loud.scales[0] == calm.scales[0])
    #expect(loud.locations[1] > loud.locations[0] + 0.3 && loud.scales[1] > 1.9 * loud.scales[0])
  }

  @Test func oddLevelsHaveUnitsToo() {
    let flat = Self.level([0.5], [0.5], middle: 0.5)
    #expect(flat.locations == [0.5, 0.5] && flat.scales.allSatisfy { abs($0 - 0.005) <= 1e-6 })
    #expect(Self.level([0], [0], middle: 0).scales.allSatisfy { $0 > 0 })
    // The border alone is inspected, or the inside alone.
    let border = Self.level([0.2, 0.4], [9], middle: 9, inspected: [0, 1, 2, 3, 4])
    #expect(
      border.locations[0] == border.locations[1] && border.scales[0] == border.scales[1] && border.locations[0] < 1)
    let inside = Self.level([9], [0.2, 0.4], middle: 0.3, inspected: [6, 7, 8, 12])
    #expect(inside.locations[0] == inside.locations[1] && inside.locations[0] < 1)
  }

  /// A configuration as a program wrote it that knew no units.
  @Test func modelsOfOlderProgramsAddLevelsAsTheyAre() throws {
    let older = """
      {"backbone":"efficientnet-lite0","batch":8,"decays":false,"falseAlarmRate":0.01,"featureBudget":4294967296,
      "firstDecay":0.5,"folds":2,"length":{"steps":{"_0":1000}},"preset":"fast","rate":0.005,"secondDecay":0.999,"size":64,
      "smoothingSigma":4,"validationPart":0,"validationSteps":50}
      """
    let configuration = try JSONDecoder().decode(ReverseDistillationConfiguration.self, from: Data(older.utf8))
    #expect(!configuration.normalizesLevels)
    try configuration.validate()
    let device = TestDevice.all[0].device
    let plain = try Self.fit(measured: false, on: device)
    let loaded = try ReverseDistillation(
      configuration, backbone: Self.backbone(device), file: HostTensors(plain.tensors(), from: "a test"),
      threshold: nil, heldOut: nil, ignored: nil)
    #expect(try loaded.inspect(Self.picture(7)).map.values == plain.inspect(Self.picture(7)).map.values)
    #expect(!ReverseDistillationConfiguration(.paper).normalizesLevels)
    #expect(ReverseDistillationConfiguration(.fast).normalizesLevels)
  }

  /// A student from elsewhere brings no units; those of the pictures are found, and are the same for the same student.
  @Test func studentsFromElsewhereAreMeasuredInThePictures() throws {
    let device = TestDevice.all[0].device
    let model = try Self.fit(on: device)
    var fitting = Fitting(pictures: 3) { try Self.picture($0) }
    fitting.learnt = HostTensors(try model.tensors().filter { !$0.key.hasPrefix("level_") }, from: "a test")
    let taken = try ReverseDistillation.fit(Self.configuration(), backbone: Self.backbone(device), fitting)
    #expect(try taken.tensors() == model.tensors())
  }

  @Test func damagedOnesAreRefused() throws {
    let device = TestDevice.all[0].device
    let tensors = try Self.fit(on: device).tensors()
    func load(_ name: String, _ tensor: HostTensor?) throws {
      var tensors = tensors
      tensors[name] = tensor
      _ = try ReverseDistillation(
        Self.configuration(), backbone: Self.backbone(device), file: HostTensors(tensors, from: "a test"),
        threshold: nil, heldOut: nil, ignored: nil)
    }
    try load("level_scales", tensors["level_scales"])
    for wrong: Float in [0, -1, .nan, .infinity] {
      #expect(throws: DetectorError.self) {
        try load("level_scales", HostTensor(shape: [3, 2], values: [1, 1, wrong, 1, 1, 1]))
      }
    }
    #expect(throws: DetectorError.self) {
      try load("level_locations", HostTensor(shape: [3, 2], values: [0, 0, 0, 0, 0, .nan]))
    }
    for name in ["level_scales", "level_locations"] {
      #expect(throws: CheckpointError.self) { try load(name, HostTensor(shape: [3], values: [1, 1, 1])) }
      #expect(throws: CheckpointError.self) { try load(name, nil) }
    }
  }
}
