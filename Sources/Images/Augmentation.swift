/// How training pictures are varied at random, so that a model learns what does not matter. Nothing is, unless asked for.
///
/// In this order: turned, moved and scaled (one bilinear pass); a part cut out; flipped; brightness, contrast and saturation,
/// in random order. Numbers are drawn uniformly, as torchvision's `RandomAffine`, `RandomCrop`, flips and `ColorJitter` do.
public struct Augmentation: Codable, Hashable, Sendable {
  /// Factors are between max(0, 1 − x) and 1 + x.
  public var brightness = 0.0
  public var contrast = 0.0
  public var saturation = 0.0
  /// Only one of the three, drawn anew for each picture, as EfficientAD has it.
  public var oneColourChange = false
  /// Between −degrees and degrees.
  public var degrees = 0.0
  /// The largest shift as a part of the picture's side; shifts are whole pixels.
  public var translation = 0.0
  /// Between 1 − scale and 1 + scale.
  public var scale = 0.0
  public var fill = EdgeFill.reflected
  /// The side in pixels of the square that is kept; nil for all.
  public var crop: Int?
  /// Probabilities.
  public var horizontalFlip = 0.0
  public var verticalFlip = 0.0

  public init() {}

  /// - Throws: ``ImageError/augmentation(setting:reason:)``.
  public func validate() throws(ImageError) {
    let checks: [(String, Bool, String)] = [
      ("brightness", Self.holds(brightness), "must be at least 0"),
      ("contrast", Self.holds(contrast), "must be at least 0"),
      ("saturation", Self.holds(saturation), "must be at least 0"),
      ("rotation", degrees >= 0 && degrees <= 180, "must be between 0 and 180 degrees"),
      ("translation", translation >= 0 && translation <= 1, "must be between 0 and 1"),
      ("scale", scale >= 0 && scale < 1, "must be at least 0 and below 1"), ("crop", crop ?? 1 > 0, "must be above 0"),
      ("horizontal flip", (0...1).contains(horizontalFlip), "must be between 0 and 1"),
      ("vertical flip", (0...1).contains(verticalFlip), "must be between 0 and 1"),
    ]
    for (name, holds, reason) in checks where !holds { throw .augmentation(setting: name, reason: reason) }
  }

  private static func holds(_ value: Double) -> Bool { value >= 0 && value.isFinite }

  /// A varied copy. All numbers are drawn whatever the settings, so a setting does not change what another one does.
  ///
  /// - Throws: ``ImageError/augmentation(setting:reason:)`` when the picture is smaller than the crop.
  public func applied(
    to picture: FloatImage, using random: inout some RandomNumberGenerator
  ) throws(ImageError) -> FloatImage {
    let side = crop ?? 0
    guard side <= picture.width, side <= picture.height else {
      throw .augmentation(
        setting: "crop", reason: "of \(side) pixels does not fit a picture of \(picture.width) x \(picture.height)")
    }
    let draw = Draw(&random)
    var result = picture
    if degrees > 0 || translation > 0 || scale > 0 {
      result = result.moved(
        degrees: degrees * draw.signed(0), right: (translation * Double(picture.width) * draw.signed(1)).rounded(),
        down: (translation * Double(picture.height) * draw.signed(2)).rounded(), scale: 1 + scale * draw.signed(3),
        fill: fill)
    }
    if let crop {
      result = result.cropped(
        left: Int(draw.unit[4] * Double(picture.width - crop + 1)),
        top: Int(draw.unit[5] * Double(picture.height - crop + 1)), width: crop, height: crop)
    }
    let (horizontally, vertically) = (draw.unit[6] < horizontalFlip, draw.unit[7] < verticalFlip)
    if horizontally || vertically { result = result.flipped(horizontally: horizontally, vertically: vertically) }
    return recoloured(result, draw)
  }

  private func recoloured(_ picture: FloatImage, _ draw: Draw) -> FloatImage {
    let changes: [(range: Double, part: Int, apply: (FloatImage, Float) -> FloatImage)] = [
      (brightness, 8, { $0.adjusted(brightness: $1) }), (contrast, 9, { $0.adjusted(contrast: $1) }),
      (saturation, 10, { $0.adjusted(saturation: $1) }),
    ]
    let order = draw.order.prefix(oneColourChange ? 1 : 3)
    return order.map { changes[$0] }.reduce(picture) { picture, change in
      guard change.range > 0 else { return picture }
      let low = max(0, 1 - change.range)
      return change.apply(picture, Float(low + (1 + change.range - low) * draw.unit[change.part]))
    }
  }

  /// The numbers of one picture.
  private struct Draw {
    /// Each at least 0 and below 1.
    let unit: [Double]
    /// Of the three colour changes.
    let order: [Int]

    init(_ random: inout some RandomNumberGenerator) {
      unit = (0..<13).map { _ in Double(random.next() >> 11) * 0x1p-53 }
      var order = [0, 1, 2]
      order.swapAt(0, Int(unit[11] * 3))
      order.swapAt(1, 1 + Int(unit[12] * 2))
      self.order = order
    }

    /// At least −1 and below 1.
    func signed(_ index: Int) -> Double { 2 * unit[index] - 1 }
  }
}
