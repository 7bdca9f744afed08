import Backbones
import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Synchronization
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

  /// Uniform in −1 ..< 1, of 24 bits.
  static func hashed(_ name: String, _ count: Int) -> [Float] {
    let seed = name.utf8.reduce(UInt32(0)) { $0 + UInt32($1) } &* 40503
    return (0..<count).map { index in
      var h = UInt32(index) &* 2_654_435_761 &+ seed
      h ^= h >> 16
      h = h &* 2_246_822_519
      h ^= h >> 13
      return Float(h >> 8) / 8_388_608 - 1
    }
  }

  /// Hashing takes its time in debug builds, and most tests start from the same values.
  private static let made = Mutex<[String: [Float]]>([:])

  static func firstValues(_ name: String, _ shape: [Int]) -> [Float] {
    let key = "\(name) \(shape)"
    if let known = made.withLock({ $0[key] }) { return known }
    let values = newValues(name, shape)
    made.withLock { $0[key] = values }
    return values
  }

  private static func newValues(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    if name.hasSuffix("running_mean") { return [Float](repeating: 0, count: count) }
    if name.hasSuffix("running_var") { return [Float](repeating: 1, count: count) }
    let unit = hashed(name, count)
    if name.hasSuffix("embedding.weight") { return unit }
    if shape.count == 1 { return name.hasSuffix("weight") ? unit.map { 1 + 0.25 * $0 } : unit.map { 0.125 * $0 } }
    let fan = Double(shape.dropFirst().reduce(1, *))
    let scale = Float(exp2(log2((6 / fan).squareRoot()).rounded(.toNearestOrEven)))
    return unit.map { scale * $0 }
  }

  /// A hashed tensor whose values PyTorch holds as [batch, channels, height, width], here [batch, height, width, channels].
  static func transposed(_ name: String, _ shape: [Int], scale: Float = 1, on device: any Device) throws -> Tensor {
    try Tensor(hashed(name, shape.reduce(1, *)).map { $0 * scale }, shape: Shape(shape), on: device)
      .permuted([0, 2, 3, 1])
  }
}

/// The script's `perceptual`.
struct HashedBackbone: Backbone {
  let kind = BackboneKind.efficientNetLite0
  let device: any Device
  let layers: [NetworkLayer<FoldedConvolution>]
  let taps = [FeatureTap(stride: 4, channels: 7, layer: 0), FeatureTap(stride: 8, channels: 5, layer: 1)]
  let normalization = PixelNormalization(
    offset: [127.5, 127.5, 127.5], scale: [127.5, 127.5, 127.5])

  init(on device: any Device) throws {
    self.device = device
    layers = try taps.map { tap in
      let weight = try Tensor(
        VQGANFixture.hashed("tap\(tap.stride)", tap.channels * 3 * tap.stride * tap.stride).map { $0 * 0x1p-4 },
        shape: [tap.channels, 3, tap.stride, tap.stride], on: device
      ).permuted([2, 3, 1, 0])
      let convolution = FoldedConvolution(
        weight: weight.storage, weightShape: weight.shape,
        bias: try Storage([Float](repeating: 0, count: tap.channels), on: device),
        stride: Extent2D(tap.stride, tap.stride), groups: 1, padding: .symmetric(0), activation: .relu)
      return NetworkLayer(.convolution(convolution), input: nil, name: "tap\(tap.stride)")
    }
  }
}
