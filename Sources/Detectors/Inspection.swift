public import Images

/// What a detector says of one picture.
public struct Inspection: Sendable {
  /// Higher is more anomalous; compared with the threshold. For PatchCore the largest patch distance,
  /// for Reverse Distillation the largest value of the map.
  public let score: Float
  /// The same, re-weighted by the neighbourhood of the nearest normal patch; nil for detectors that have none.
  public let reweightedScore: Float?
  /// Anomaly at each network pixel, smoothed.
  public let map: AnomalyMap

  public init(score: Float, reweightedScore: Float? = nil, map: AnomalyMap) {
    self.score = score
    self.reweightedScore = reweightedScore
    self.map = map
  }
}

/// A map of anomaly scores, row-major.
public struct AnomalyMap: Sendable {
  public let width: Int
  public let height: Int
  /// [height, width]: 0 where ignored.
  public let values: [Float]
  /// Set where the picture is not inspected; any size, stretched over the map. Metrics leave these pixels out.
  public let ignored: Mask?

  public init(width: Int, height: Int, values: [Float], ignored: Mask? = nil) {
    self.width = width
    self.height = height
    self.ignored = ignored
    guard let mask = ignored?.resized(width: width, height: height) else {
      self.values = values
      return
    }
    self.values = zip(values, mask.values).map { $1 == 0 ? $0 : 0 }
  }

  /// [height, width], non-zero where ignored; nil where everything counts.
  public var ignoredPixels: [UInt8]? { ignored?.resized(width: width, height: height).values }

  public var largest: Float { values.max() ?? 0 }

  /// The map at another size: linear between pixel centres, edges held.
  public func resized(width newWidth: Int, height newHeight: Int) -> AnomalyMap {
    guard newWidth != width || newHeight != height else { return self }
    func axis(_ input: Int, _ output: Int) -> [(low: Int, high: Int, part: Float)] {
      (0..<output).map { index in
        let position = max((Float(index) + 0.5) * Float(input) / Float(output) - 0.5, 0)
        let low = min(Int(position), input - 1)
        return (low, min(low + 1, input - 1), position - Float(low))
      }
    }
    let columns = axis(width, newWidth)
    let result = [Float](unsafeUninitializedCapacity: newWidth * newHeight) { target, count in
      values.withUnsafeBufferPointer { source in
        for (row, vertical) in axis(height, newHeight).enumerated() {
          let (upper, lower) = (vertical.low * width, vertical.high * width)
          for (column, horizontal) in columns.enumerated() {
            let (left, right, part) = horizontal
            let top = source[upper + left] + (source[upper + right] - source[upper + left]) * part
            let bottom = source[lower + left] + (source[lower + right] - source[lower + left]) * part
            target[row * newWidth + column] = top + (bottom - top) * vertical.part
          }
        }
      }
      count = newWidth * newHeight
    }
    return AnomalyMap(width: newWidth, height: newHeight, values: result, ignored: ignored)
  }
}
