public import Compute
public import Tensors

/// Ways to spoil pictures that a selection ought to notice.
public enum PictureCorruption: Hashable, Sendable {
  /// A Gaussian of so many pixels; edges are reflected.
  case blur(sigma: Double)
  /// So many times two squares change places that do not overlap; their side is this part of the shorter side of the picture, at
  /// most a third.
  case patchSwaps(count: Int, part: Double)

  /// - pictures: [pictures, height, width, channels], of any range
  /// - key: of what is drawn: each picture of its own, by its place
  /// - result: the same shape
  /// - Throws: ``GeneratorError/setting(name:reason:)``; device errors.
  public func applied(to pictures: Tensor, _ key: RandomKey) throws -> Tensor {
    guard pictures.shape.rank == 4 else {
      throw GeneratorError.setting(name: "corruption", reason: "needs pictures, not \(pictures.shape)")
    }
    switch self {
    case .blur(let sigma): return try Self.blurred(pictures, sigma: sigma)
    case .patchSwaps(let count, let part): return try Self.swapped(pictures, count: count, part: part, key)
    }
  }

  private static func blurred(_ pictures: Tensor, sigma: Double) throws -> Tensor {
    guard sigma > 0, sigma <= 1000 else {
      throw GeneratorError.setting(name: "blur", reason: "must be above 0 and at most 1000 pixels")
    }
    let (batch, height, width, channels) = (
      pictures.shape[0], pictures.shape[1], pictures.shape[2], pictures.shape[3]
    )
    return try pictures.detached.permuted([0, 3, 1, 2]).reshaped(to: [batch * channels, height, width, 1])
      .gaussianSmoothed(sigma: sigma).reshaped(to: [batch, channels, height, width]).permuted([0, 2, 3, 1])
  }

  private static func swapped(_ pictures: Tensor, count: Int, part: Double, _ key: RandomKey) throws -> Tensor {
    let (height, width, channels) = (pictures.shape[1], pictures.shape[2], pictures.shape[3])
    // Three squares fit beside each other, so that wherever one lies there is room for another.
    guard count > 0, part > 0, part <= 1.0 / 3, min(height, width) >= 3 else {
      throw GeneratorError.setting(
        name: "patch swaps", reason: "need a count, a part above 0 and at most 1/3, and pictures of three pixels a side"
      )
    }
    let side = max(Int(part * Double(min(height, width))), 1)
    var values = try pictures.values()
    for picture in 0..<pictures.shape[0] {
      var random = PhiloxStream(
        RandomKey(seed: key.seed, stream: key.stream, step: key.step &+ UInt32(truncatingIfNeeded: picture)))
      func place() -> (y: Int, x: Int) {
        (Int(random.next() % UInt64(height - side + 1)), Int(random.next() % UInt64(width - side + 1)))
      }
      for _ in 0..<count {
        let first = place()
        var second = place()
        while abs(first.y - second.y) < side, abs(first.x - second.x) < side { second = place() }
        for y in 0..<side {
          for x in 0..<side * channels {
            let row = picture * height + y
            values.swapAt(
              ((row + first.y) * width + first.x) * channels + x, ((row + second.y) * width + second.x) * channels + x)
          }
        }
      }
    }
    return try Tensor(values, shape: pictures.shape, on: pictures.device)
  }
}
