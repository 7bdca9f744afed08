import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Calibration of the temperature")
struct CalibrationTests {
  private func sampler(_ device: any Device, requantises: Bool) throws -> (VariationalSampler, Tensor) {
    let builder = NetworkBuilder(on: device)
    let network = try VQGAN(VQGANFixture.configuration, builder)
    try builder.setValues(VQGANFixture.firstValues)
    let x = try VQGANFixture.pictures(on: device)
    var configuration = SamplingConfiguration()
    (configuration.requantises, configuration.neighbours) = (requantises, 4)
    return (try VariationalSampler(network, configuration, originals: [x]), x)
  }

  /// Descriptors whose variance is known stand in for the pictures': real ones 1, then 0.25, 0.81 and 4 at the temperatures 0, ½ and
  /// 1, and 1 at ¾, where the interval in which the ratio passes 1 is halved.
  @Test func theTemperatureIsThatOfEqualVariances() throws {
    let (sampler, x) = try sampler(TestDevice.all[0].device, requantises: true)
    var settings = TemperatureCalibration.Settings()
    (settings.temperatures, settings.refinements, settings.variants) = ([1, 0, 0.5], 1, 2)
    // Two variants each.
    var deviations: [Float] = [1, 0.5, 0.5, 0.9, 0.9, 2, 2, 1, 1]
    let found = try TemperatureCalibration(sampler, originals: x, settings) { pictures in
      #expect(pictures.shape == x.shape)
      let values = try pictures.values()
      #expect(values.allSatisfy { $0 >= 0 && $0 <= 1 })
      let deviation = deviations.removeFirst()
      return try Tensor([3 + deviation, -7 - deviation, 3 - deviation, -7 + deviation], shape: [2, 2], on: x.device)
    }
    #expect(deviations.isEmpty)
    #expect(found.trials.map(\.temperature) == [0, 0.5, 0.75, 1])
    for (trial, ratio) in zip(found.trials, [0.25, 0.81, 1, 4]) { #expect(abs(trial.ratio - ratio) <= 1e-6) }
    #expect(found.temperature == 0.75 && abs(found.ratio - 1) <= 1e-6)
    #expect(found.isBracketed)
    let read = try JSONDecoder().decode(TemperatureCalibration.self, from: JSONEncoder().encode(found))
    #expect(read == found)
  }

  /// Originals that vary by themselves, with noise on top of them: ratios of 1, 1.02, 1.08 and 1.3, and 1.05 between two of these.
  @Test func ofRatiosNearOneTheHottestIsTaken() throws {
    let (sampler, x) = try sampler(TestDevice.all[0].device, requantises: true)
    var settings = TemperatureCalibration.Settings()
    (settings.temperatures, settings.refinements, settings.excess) = ([0, 0.5, 1, 2], 1, 0.06)
    var ratios = [1, 1, 1.02, 1.08, 1.3, 1.05]
    let found = try TemperatureCalibration(sampler, originals: x, settings) { drawn in
      drawn
    } descriptors: { _ in
      let deviation = Float(ratios.removeFirst().squareRoot())
      return try Tensor([deviation, -deviation], shape: [2, 1], on: x.device)
    }
    #expect(ratios.isEmpty && found.trials.map(\.temperature) == [0, 0.5, 0.75, 1, 2])
    #expect(found.temperature == 0.75 && abs(found.ratio - 1.05) <= 1e-6)
  }

  /// Pictures as their own descriptors: hotter ones vary more, and the best of all trials is taken.
  @Test(arguments: TestDevice.all)
  func hotterPicturesVaryMore(_ tested: TestDevice) throws {
    let (sampler, pictures) = try sampler(tested.device, requantises: false)
    // Much like each other, so that draws outweigh what lies between them.
    let first = try pictures.sliced(0..<1)
    let x = try Tensor.concatenated([first, first.affine(scale: 0.97, shift: 0)], axis: 0)
    var settings = TemperatureCalibration.Settings()
    (settings.temperatures, settings.refinements) = ([0, 1, 4], 1)
    let found = try TemperatureCalibration(sampler, originals: x, settings) { $0 }
    #expect(found.trials.first.map(\.ratio) ?? .nan < found.trials.last.map(\.ratio) ?? .nan)
    let nearest = found.trials.min { abs(log($0.ratio)) < abs(log($1.ratio)) }
    #expect(found.temperature == nearest?.temperature && found.ratio == nearest?.ratio)
  }

  @Test func whatCannotBeCalibratedIsNamed() throws {
    let (sampler, x) = try sampler(TestDevice.all[0].device, requantises: true)
    // Originals vary by 1, whatever is made of them by ½.
    var deviation: Float = 2
    let cold = try TemperatureCalibration(sampler, originals: x) { _ in
      deviation = max(deviation / 2, 0.5)
      return try Tensor([deviation, -deviation], shape: [2, 1], on: x.device)
    }
    #expect(!cold.isBracketed && cold.trials.count == 7 && abs(cold.ratio - 0.25) <= 1e-6)
    #expect(throws: GeneratorError.self) {
      try TemperatureCalibration(sampler, originals: x.sliced(0..<1)) { $0 }
    }
    #expect(throws: GeneratorError.self) {
      try TemperatureCalibration(sampler, originals: x) { try .filled(1, shape: [$0.shape[0], 3], on: x.device) }
    }
    #expect(throws: GeneratorError.self) {
      try TemperatureCalibration(sampler, originals: x) { try .filled(.nan, shape: [$0.shape[0], 3], on: x.device) }
    }
  }
}
