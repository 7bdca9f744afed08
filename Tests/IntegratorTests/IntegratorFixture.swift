import Backbones
import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing
import TextImage

@testable import Integrator

/// What `make_integrator_fixtures.py` found, and the networks that it found it with.
struct IntegratorFixture: Decodable {
  struct Spherical: Decodable {
    struct Case: Decodable {
      let vectors, gradient: [Float]
      let loss: Double
    }
    let target: [Float]
    let cases: [Case]
  }
  /// A crop as the script writes it: top, left, side, whether it is flipped.
  struct Part: Decodable {
    let crop: Crop

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      crop = Crop(
        top: try list.decode(Int.self), left: try list.decode(Int.self), side: try list.decode(Int.self),
        isFlipped: try list.decode(Bool.self))
    }
  }
  struct Views: Decodable {
    let name: String
    let height, width: Int
    let crops: [Part]
    let views, gradient: [Float]
  }
  struct Gradient: Decodable {
    let parts: [Double]
    let gradient: [Float]
  }
  struct Refinement: Decodable {
    let crops: [[Part]]
    let rate: Double
    let losses, similarities: [Double]
    let latent: [Float]
  }

  let spherical: Spherical
  let cutouts: [Views]
  let gradient: Gradient
  let refinement: Refinement

  static let contents = Result {
    try JSONDecoder().decode(
      IntegratorFixture.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("integrator.json"))))
  }

  /// `SMALL` of make_vqgan_fixtures.py, with its values.
  static func vqgan(on device: any Device) throws -> VQGAN {
    var configuration = VQGANConfiguration(.tiny)
    (configuration.size, configuration.multipliers, configuration.attentionLevels) = (16, [1, 1, 2], [2])
    (configuration.latentWidth, configuration.codeWidth, configuration.codes) = (10, 6, 11)
    let builder = NetworkBuilder(on: device)
    let network = try VQGAN(configuration, builder)
    try builder.setValues(HashedValues.first)
    return network
  }

  static func clip(on device: any Device) throws -> CLIP {
    let file = try StridedTensor.$expandsFreely.withValue(true) {
      try openTensorFile(Fixtures.path("encoders/clip-open.bin"))
    }
    return try CLIP(file, activation: .quick, on: device)
  }

  static func hashed(_ name: String, _ shape: Shape, on device: any Device) throws -> Tensor {
    try Tensor(HashedValues.uniform(name, shape.count), shape: shape, on: device)
  }

  static let latentShape: Shape = [1, 4, 5, 6]
  /// z₀ and x of the script.
  static func start(on device: any Device) throws -> Tensor { try hashed("start", latentShape, on: device) }
  static func original(on device: any Device) throws -> Tensor {
    try hashed("three", [2, 16, 20, 3], on: device).sliced(0..<1)
  }
  static let target: [Float] = {
    let values = HashedValues.uniform("text", 32)
    let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return values.map { $0 / length }
  }()

  static func refinement(
    on device: any Device, steps: Int, _ change: (inout LatentRefinement.Settings) -> Void = { _ in }
  ) throws -> LatentRefinement {
    var settings = LatentRefinement.Settings()
    settings.steps = steps
    settings.cutouts.crops = 2
    change(&settings)
    return try LatentRefinement(
      settings, network: vqgan(on: device), encoder: clip(on: device),
      perceptual: .features(HashedBackbone(on: device), strides: [4, 8]))
  }
}
