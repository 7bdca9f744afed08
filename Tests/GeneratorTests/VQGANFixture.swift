import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing

/// What `make_vqgan_fixtures.py` found, and the values it started from.
struct VQGANFixture: Decodable {
  struct Preset: Decodable {
    let parameters, multiplyAdds: Int
  }
  struct Discriminator: Decodable {
    let parameters: Int
    let names: [String: [Int]]
    let logits: [Int]
  }
  struct Layer: Decodable {
    let shape: [Int]
    let mean, absmax: Double
    let first4, last4: [Double]
  }
  struct Gradient: Decodable {
    let norm: Double
    let first4: [Double]
  }
  struct Training: Decodable {
    /// The first step with the adversary, whose gradients are listed.
    let start: Int
    let steps: [[String: Double]]
    let gradients: [String: Gradient]
    let statistics: [String: [Double]]
  }

  let presets: [String: Preset]
  let names: [String: [Int]]
  let discriminator: Discriminator
  let layers: [String: Layer]
  let losses: [String: Double]
  let trainings: [String: Training]
  let checkpoint: [String: Double]

  static func read() throws -> VQGANFixture {
    try JSONDecoder().decode(
      VQGANFixture.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("vqgan.json"))))
  }

  /// The script's `SMALL`.
  static var configuration: VQGANConfiguration {
    var configuration = VQGANConfiguration(.tiny)
    (configuration.size, configuration.multipliers, configuration.attentionLevels) = (16, [1, 1, 2], [2])
    (configuration.latentWidth, configuration.codeWidth, configuration.codes) = (10, 6, 11)
    return configuration
  }

  static let pictureShape: Shape = [2, 16, 20, 3]
  static func pictures(on device: any Device) throws -> Tensor {
    try Tensor(hashed("three", pictureShape.count), shape: pictureShape, on: device)
  }

  static func hashed(_ name: String, _ count: Int) -> [Float] { HashedValues.uniform(name, count) }
  static func firstValues(_ name: String, _ shape: [Int]) -> [Float] { HashedValues.first(name, shape) }

  /// A hashed tensor whose values PyTorch holds as [batch, channels, height, width], here [batch, height, width, channels].
  static func transposed(_ name: String, _ shape: [Int], scale: Float = 1, on device: any Device) throws -> Tensor {
    try Tensor(hashed(name, shape.reduce(1, *)).map { $0 * scale }, shape: Shape(shape), on: device)
      .permuted([0, 2, 3, 1])
  }
}
