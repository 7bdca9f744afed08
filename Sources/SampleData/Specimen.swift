import Images

/// One picture of the data set, and its mask if it shows a defect.
struct Specimen {
  let image: Image
  /// Where it differs from its good twin (the same picture number without a kind); nil for good pictures.
  let mask: Mask?

  /// Parts of the picture that a defect may cover.
  static let areas: ClosedRange<Float> = 0.0005...0.05
  /// Differences of grey levels below this are no part of a defect: the eye does not find them under the grain.
  static let visibleDifference: Float = 2.5
  private static let attempts = 24

  /// - picture: the number in the data set: every picture has random numbers of its own.
  /// - kind: index of the defect's kind; nil for a good picture.
  init<Kind: Product>(_ product: Kind.Type, seed: UInt64, picture: Int, kind: Int?, size: Int) throws(ImageError) {
    var random = RandomStream(seed: seed, picture: picture, purpose: .specimen)
    let good = product.init(&random)
    let camera = Camera(seed: seed, picture: picture, exposureSpread: product.exposureSpread)
    var goodCanvas = Canvas(size: size)
    good.render(&goodCanvas)
    let goodLevels = camera.developed(goodCanvas)
    guard let kind else {
      image = try camera.picture(goodLevels, size: size)
      mask = nil
      return
    }
    var levels = goodLevels
    var mask = Mask.empty(width: size, height: size)
    // A defect drawn too small, too large or too faint is drawn again, from its own next stream.
    for attempt in 0..<Self.attempts {
      var defectRandom = RandomStream(seed: seed, picture: picture, purpose: .defect, attempt: attempt)
      var damaged = good
      var canvas = goodCanvas
      canvas.limit(to: damaged.damage(kind, &defectRandom))
      damaged.render(&canvas)
      levels = camera.developed(canvas)
      mask = Self.difference(goodLevels, levels, size: size)
      let area = Float(mask.defectivePixels) / Float(size * size)
      if Self.areas.contains(area) { break }
    }
    // Outside of its mask the picture is its good twin, to the bit.
    for index in 0..<levels.count where mask.values[index] == 0 { levels[index] = goodLevels[index] }
    image = try camera.picture(levels, size: size)
    self.mask = mask
  }

  /// Pixels that differ visibly, with gaps of up to four pixels closed.
  private static func difference(_ good: [Colour], _ damaged: [Colour], size: Int) -> Mask {
    var values = [UInt8](repeating: 0, count: size * size)
    for index in 0..<(size * size) {
      let change = good[index] - damaged[index]
      if max(max(abs(change.x), abs(change.y)), abs(change.z)) > visibleDifference { values[index] = 1 }
    }
    // Closing: the largest in a square of 5 x 5, then the smallest; a speck stays a speck.
    let radius = max(size / 256, 1)
    let grown = Self.squares(Self.squares(values, size, radius, 1, max), size, radius, size, max)
    let closed = Self.squares(Self.squares(grown, size, radius, 1, min), size, radius, size, min)
    return Mask(width: size, height: size, values: closed)
  }

  private static func squares(
    _ values: [UInt8], _ size: Int, _ radius: Int, _ stride: Int, _ choose: (UInt8, UInt8) -> UInt8
  ) -> [UInt8] {
    var result = values
    result.withUnsafeMutableBufferPointer { target in
      values.withUnsafeBufferPointer { source in
        for index in 0..<source.count {
          let position = stride == 1 ? index % size : index / size
          for offset in max(-radius, -position)...min(radius, size - 1 - position) {
            target[index] = choose(target[index], source[index + offset * stride])
          }
        }
      }
    }
    return result
  }
}
