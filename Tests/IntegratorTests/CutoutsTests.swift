import Compute
import Tensors
import TestSupport
import Testing

@testable import Integrator

@Suite("Cutouts")
struct CutoutsTests {
  private static func cutouts(_ change: (inout Cutouts.Settings) -> Void = { _ in }) throws -> Cutouts {
    var settings = Cutouts.Settings()
    change(&settings)
    return try Cutouts(settings, size: 24)
  }

  /// Adaptive pools, parts that shrink and grow, mirrored ones: values, and gradients of their weighted sum.
  @Test(arguments: TestDevice.all)
  func viewsAndGradientsEqualPyTorchs(_ tested: TestDevice) throws {
    let fixtures = try IntegratorFixture.contents.get().cutouts
    #expect(fixtures.count == 2)
    for expected in fixtures {
      let shape: Shape = [1, expected.height, expected.width, 3]
      let tape = Tape()
      let picture = tape.watched(
        try IntegratorFixture.hashed(expected.name, shape, on: tested.device).affine(scale: 0.5, shift: 0.5))
      let views = try Self.cutouts()(picture, expected.crops.map(\.crop), noise: nil)
      #expect(views.shape == [1 + expected.crops.count, 24, 24, 3])
      func sampled(_ values: [Float], _ step: Int) -> [Float] {
        stride(from: 0, to: values.count, by: step).map { values[$0] }
      }
      expectEqual(sampled(try views.values(), 13), expected.views, within: Tolerance(absolute: 1e-6), expected.name)
      let weights = try IntegratorFixture.hashed("weights", views.shape, on: tested.device)
      let gradient = try tape.gradients(of: views, for: [picture], outputGradient: weights)[0].values()
      expectEqual(sampled(gradient, 7), expected.gradient, within: Tolerance(absolute: 1e-5), expected.name)
    }
  }

  @Test func partsAreSquaresOfThePictureAndFewerAreTheFirstOfMore() throws {
    let key = RandomKey(seed: 9, stream: 2, step: 4)
    let many = try Self.cutouts { $0.crops = 500 }
    let crops = many.crops(height: 40, width: 31, key)
    #expect(crops.count == 500 && crops == many.crops(height: 40, width: 31, key))
    for crop in crops {
      #expect((19...31).contains(crop.side) && !crop.isFlipped)
      #expect(crop.top >= 0 && crop.left >= 0 && crop.top + crop.side <= 40 && crop.left + crop.side <= 31)
    }
    // 60 to 100 percent, the ends' neighbours included; every place is reached.
    #expect(Set(crops.map(\.side)) == Set(19...31))
    #expect(crops.contains { $0.top + $0.side == 40 } && crops.contains { $0.left == 0 && $0.side < 31 })
    #expect(try Self.cutouts { $0.crops = 3 }.crops(height: 40, width: 31, key) == Array(crops.prefix(3)))
    #expect(many.crops(height: 40, width: 31, RandomKey(seed: 9, stream: 2, step: 5)) != crops)
    let mirrored = try Self.cutouts { ($0.crops, $0.flips) = (500, true) }.crops(height: 40, width: 31, key)
    #expect((200...300).contains(mirrored.filter(\.isFlipped).count))
    #expect(zip(crops, mirrored).allSatisfy { $0.top == $1.top && $0.left == $1.left && $0.side == $1.side })
  }

  /// Noise is normal times a factor of each view's own, and leaves the gradient as it is.
  @Test(arguments: TestDevice.all)
  func eachViewHasItsNoise(_ tested: TestDevice) throws {
    let key = RandomKey(seed: 3, stream: 7)
    let cutouts = try Self.cutouts { ($0.crops, $0.noise) = (7, 0.1) }
    let picture = try Tensor.filled(0.5, shape: [1, 16, 20, 3], on: tested.device)
    let crops = cutouts.crops(height: 16, width: 20, key)
    let plain = try cutouts(picture, crops, noise: nil).values()
    #expect(plain.allSatisfy { abs($0 - 0.5) <= 1e-6 })
    let noised = try cutouts(picture, crops, noise: key).values()
    let size = 24 * 24 * 3
    let spreads = (0..<8).map { view in
      let noise = (0..<size).map { Double(noised[view * size + $0] - 0.5) }
      #expect(abs(noise.reduce(0, +) / Double(size)) <= 0.01)
      return (noise.reduce(0) { $0 + $1 * $1 } / Double(size)).squareRoot()
    }
    #expect(spreads.allSatisfy { $0 > 0 && $0 < 0.105 } && Set(spreads.map { ($0 * 500).rounded() }).count > 4)
    let there = try Tensor.filled(0.5, shape: [1, 16, 20, 3], on: TestDevice.all[0].device)
    expectEqual(noised, try cutouts(there, crops, noise: key).values(), within: Tolerance(absolute: 1e-6))
  }

  @Test func wrongSettingsAreNamed() {
    for change in [{ $0.crops = -1 }, { $0.smallestSide = 0 }, { $0.noise = .nan }]
      as [(inout Cutouts.Settings) -> Void]
    {
      #expect(throws: IntegratorError.self) { try Self.cutouts(change) }
    }
  }
}
