public import Compute
public import Tensors

/// A square part of a picture.
public struct Crop: Codable, Hashable, Sendable {
  public let top, left, side: Int
  public let isFlipped: Bool

  public init(top: Int, left: Int, side: Int, isFlipped: Bool = false) {
    (self.top, self.left, self.side, self.isFlipped) = (top, left, side, isFlipped)
  }
}

/// Views of a picture that an encoder judges while the picture is refined: the whole of it, and random parts, at the encoder's size.
///
/// The whole is the mean of its adaptive average and maximum (nerdyrodent's "pooled" cutouts); parts are averaged where they shrink
/// and bilinear where they grow. Erasing and changes of hue are left out on purpose: they would make normal pictures look otherwise.
public struct Cutouts: Sendable {
  public struct Settings: Codable, Hashable, Sendable {
    /// Random parts beside the whole.
    public var crops = 8
    /// The least side of a part, of the picture's shorter side.
    public var smallestSide = 0.6
    /// Each view gets normal noise times a factor between 0 and this, of pictures in 0 … 1.
    public var noise = 0.05
    /// Whether half of the parts are mirrored: only where a product's mirror image is normal.
    public var flips = false

    public init() {}

    /// - Throws: ``IntegratorError/setting(name:reason:)``.
    public func validate() throws(IntegratorError) {
      try IntegratorError.check([
        ("cutouts", (0...1024).contains(crops), "must be between 0 and 1024"),
        ("smallest side", smallestSide > 0 && smallestSide <= 1, "must be above 0 and at most 1"),
        ("noise", noise >= 0 && noise <= 1, "must be between 0 and 1"),
      ])
    }
  }

  public let settings: Settings
  /// Of the encoder, in pixels.
  public let size: Int

  public init(_ settings: Settings, size: Int) throws(IntegratorError) {
    try settings.validate()
    (self.settings, self.size) = (settings, size)
  }

  /// Random parts; equal keys give equal ones, and fewer are the first of more.
  public func crops(height: Int, width: Int, _ key: RandomKey) -> [Crop] {
    var random = PhiloxStream(key)
    let short = min(height, width)
    return (0..<settings.crops).map { _ in
      let draws = (0..<4).map { _ in random.unit() }
      let part = settings.smallestSide + (1 - settings.smallestSide) * draws[0]
      let side = min(max(Int((Double(short) * part).rounded()), 1), short)
      return Crop(
        top: Int(draws[1] * Double(height - side + 1)), left: Int(draws[2] * Double(width - side + 1)), side: side,
        isFlipped: settings.flips && draws[3] < 0.5)
    }
  }

  /// - picture: [1, height, width, channels], 0 … 1
  /// - noise: nil for none
  /// - result: [1 + crops, ``size``, ``size``, channels], the whole first; differentiable in the picture
  public func callAsFunction(_ picture: Tensor, _ crops: [Crop], noise: RandomKey?) throws -> Tensor {
    let maxima = try picture.adaptivelyMaximized(size: size)
    let whole = try view(picture).combined(.add, with: maxima).affine(scale: 0.5, shift: 0)
    guard !crops.isEmpty else { return try noised(whole, noise) }
    var (rows, columns) = (
      AxisSampling(extent: picture.shape[1], size: size), AxisSampling(extent: picture.shape[2], size: size)
    )
    for crop in crops {
      rows.append(start: crop.top, length: crop.side)
      columns.append(start: crop.left, length: crop.side, isReversed: crop.isFlipped)
    }
    let parts = try AxisSampling.apply(rows: rows, columns: columns, to: picture)
    return try noised(.concatenated([whole, parts], axis: 0), noise)
  }

  /// The whole picture averaged to the encoder's size, without anything random: [1, ``size``, ``size``, channels].
  public func view(_ picture: Tensor) throws -> Tensor {
    var (rows, columns) = (
      AxisSampling(extent: picture.shape[1], size: size), AxisSampling(extent: picture.shape[2], size: size)
    )
    rows.appendAveraged()
    columns.appendAveraged()
    return try AxisSampling.apply(rows: rows, columns: columns, to: picture)
  }

  private func noised(_ views: Tensor, _ key: RandomKey?) throws -> Tensor {
    guard let key, settings.noise > 0 else { return views }
    let (count, device) = (views.shape[0], views.device)
    var random = PhiloxStream(RandomKey(seed: key.seed, stream: key.stream ^ 0x4641_4354, step: key.step))
    var factors = [Float](repeating: 0, count: count * count)
    for index in 0..<count { factors[index * count + index] = Float(settings.noise * random.unit()) }
    let drawn = try Storage(count: views.shape.count, on: device)
    try device.fillRandom(.normal, key, into: drawn)
    let noise = try Tensor(factors, shape: [count, count], on: device)
      .multiplied(by: Tensor(drawn, shape: [count, views.shape.count / count]))
    return try views.combined(.add, with: noise.reshaped(to: views.shape))
  }
}
