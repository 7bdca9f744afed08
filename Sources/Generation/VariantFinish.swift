import Compute
public import Generator
public import Images
public import Tensors

/// Brings what the generator decodes to the size of its original, with fine structure from where it is wanted.
public final class VariantFinish {
  /// Where a variant's fine structure comes from.
  public enum Detail: String, CaseIterable, Codable, Sendable {
    /// The original, which is changed by what the draw changes in the decoded picture: `x + (G(z̃) − G(μ))`, the difference
    /// enlarged. Edges stay as sharp as they are. Ours; the paper does not say.
    case original
    /// The decoder alone: `G(z̃)`, enlarged.
    case decoded
  }

  public let detail: Detail
  public let originals: Originals
  /// Draws nothing: decodes means.
  private let calm: VariationalSampler
  private var means: [Int: [Float]] = [:]
  /// Originals whose decoded means are kept: of 256 x 256 pixels less than a megabyte each.
  private static let most = 256

  public init(_ sampler: VariationalSampler, _ originals: Originals, detail: Detail) {
    (self.originals, self.detail) = (originals, detail)
    var calm = sampler
    calm.temperature = 0
    self.calm = calm
  }

  private var size: Int { calm.network.configuration.size }

  /// An original as the network takes it: [1, size, size, 3], −1 … 1.
  public func input(_ original: Int) throws -> Tensor {
    try Self.input(originals.picture(original), size: size, on: calm.network.lastWeight.device)
  }

  /// - result: [1, size, size, 3], −1 … 1
  static func input(_ picture: FloatImage, size: Int, on device: any Device) throws -> Tensor {
    let small = picture.rgb.resized(width: size, height: size, filter: .lanczos)
    return try Tensor(small.samples, shape: [1, size, size, 3], on: device).affine(scale: 1 / 127.5, shift: -1)
  }

  /// - decoded: [1, size, size, 3], 0 … 1
  /// - original: its number
  /// - result: of the original's size, RGB
  public func callAsFunction(_ decoded: Tensor, _ original: Int) throws -> Image {
    let (picture, values) = (try originals.picture(original), try decoded.values())
    guard values.allSatisfy(\.isFinite) else { throw GeneratorError.notFinite(what: "A generated picture") }
    guard detail == .original else { return try enlarged(values.map { 255 * $0 }, picture) { value, _ in value } }
    let change = zip(values, try mean(original)).map { 255 * ($0 - $1) }
    return try enlarged(change, picture) { $0 + $1 }
  }

  /// What is decoded without noise: [size · size · 3], 0 … 1.
  private func mean(_ original: Int) throws -> [Float] {
    if let known = means[original] { return known }
    let latents = try calm.latents(of: input(original))
    let found = try calm.pictures(latents, RandomKey(seed: 0)).values()
    if means.count < Self.most { means[original] = found }
    return found
  }

  /// Small values at the original's size, joined with it, limited to grey levels and rounded.
  private func enlarged(
    _ values: [Float], _ original: FloatImage, _ join: (_ value: Float, _ original: Float) -> Float
  ) throws -> Image {
    let large = try FloatImage(width: size, height: size, channels: 3, samples: values)
      .resized(width: original.width, height: original.height, filter: .bicubic)
    let pixels = [UInt8](unsafeUninitializedCapacity: large.samples.count) { target, count in
      large.samples.withUnsafeBufferPointer { values in
        original.samples.withUnsafeBufferPointer { originals in
          for index in values.indices {
            let level = min(max(join(values[index], originals[index]), 0), 255)
            target.initializeElement(at: index, to: UInt8(level.rounded()))
          }
        }
      }
      count = large.samples.count
    }
    return try Image(width: original.width, height: original.height, channels: 3, pixels: pixels)
  }

  /// What calibration compares with real pictures: drawn ones at the generator's size, 0 … 1, with the originals' detail where that
  /// is wanted.
  ///
  /// - drawn, x: [pictures, size, size, 3], 0 … 1 and −1 … 1
  func small(_ drawn: Tensor, around x: Tensor) throws -> Tensor {
    guard detail == .original else { return drawn }
    let mean = try calm.pictures(calm.latents(of: x), RandomKey(seed: 0))
    return try x.affine(scale: 0.5, shift: 0.5).combined(.add, with: drawn).combined(.subtract, with: mean)
      .clamped(lower: 0, upper: 1)
  }
}
