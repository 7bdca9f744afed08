public import Compute
public import Generator
public import Images
public import Tensors

/// Draws variants of pictures at the pictures' own size.
public struct VariantMaker {
  /// Where a variant's fine structure comes from.
  public enum Detail: String, CaseIterable, Codable, Sendable {
    /// The original, which is changed by what the draw changes in the decoded picture: `x + (G(z̃) − G(μ))`, the difference
    /// enlarged. Edges stay as sharp as they are. Ours; the paper does not say.
    case original
    /// The decoder alone: `G(z̃)`, enlarged.
    case decoded
  }

  public let sampler: VariationalSampler
  public let detail: Detail

  public init(_ sampler: VariationalSampler, detail: Detail) {
    (self.sampler, self.detail) = (sampler, detail)
  }

  public var device: any Device { sampler.network.lastWeight.device }

  /// A picture as the network takes it: [1, size, size, 3], −1…1.
  public static func input(_ picture: FloatImage, size: Int, on device: any Device) throws -> Tensor {
    let small = picture.rgb.resized(width: size, height: size, filter: .lanczos)
    return try Tensor(small.samples, shape: [1, size, size, 3], on: device).affine(scale: 1 / 127.5, shift: -1)
  }

  /// - original: RGB of 0…255
  /// - result: of the same size, RGB of 0…255
  public func variant(of original: FloatImage, _ key: RandomKey) throws -> FloatImage {
    let size = sampler.network.configuration.size
    let latents = try sampler.latents(of: Self.input(original, size: size, on: device))
    let drawn = try levels(sampler, latents, key)
    guard detail == .original else { return try enlarged(drawn, original) { value, _ in value } }
    var calm = sampler
    calm.temperature = 0
    let change = zip(drawn, try levels(calm, latents, key)).map { $0 - $1 }
    return try enlarged(change, original) { $0 + $1 }
  }

  /// What is decoded, in grey levels and not limited to them: [size · size · 3].
  private func levels(
    _ sampler: VariationalSampler, _ latents: VariationalSampler.Latents, _ key: RandomKey
  ) throws -> [Float] {
    try sampler.network.decoded(sampler.drawn(latents, key)).affine(scale: 127.5, shift: 127.5).values()
  }

  /// Small values at the original's size, joined with it and limited to grey levels.
  private func enlarged(
    _ values: [Float], _ original: FloatImage, _ join: (_ value: Float, _ original: Float) -> Float
  ) throws -> FloatImage {
    let size = sampler.network.configuration.size
    let large = try FloatImage(width: size, height: size, channels: 3, samples: values)
      .resized(width: original.width, height: original.height, filter: .bicubic)
    let colours = original.rgb
    let samples = [Float](unsafeUninitializedCapacity: large.samples.count) { target, count in
      large.samples.withUnsafeBufferPointer { values in
        colours.samples.withUnsafeBufferPointer { originals in
          for index in values.indices {
            target.initializeElement(at: index, to: min(max(join(values[index], originals[index]), 0), 255))
          }
        }
      }
      count = large.samples.count
    }
    return try FloatImage(width: original.width, height: original.height, channels: 3, samples: samples)
  }
}
