import Images

/// Two detectors that know nothing of products: what they find is too easy for a sample data set.
struct NaiveBaselines {
  /// AUROC of pixel statistics, by the way a picture's deviations become one score; and of colour histograms.
  let pixelStatistics: [String: Double]
  let histogram: Double

  /// - size: pixels along a side at which pixels are compared.
  init(training: [Image], good: [Image], defective: [Image], size: Int) {
    func scores(_ score: (Image) -> Float) -> Double { Self.auroc(good.map(score), defective.map(score)) }
    let statistics = PixelStatistics(training, size: size)
    let goodDeviations = good.map(statistics.deviations)
    let defectiveDeviations = defective.map(statistics.deviations)
    func auroc(_ summary: (ArraySlice<Float>) -> Float) -> Double {
      Self.auroc(goodDeviations.map { summary($0[...]) }, defectiveDeviations.map { summary($0[...]) })
    }
    // Deviations come sorted, the largest last.
    pixelStatistics = [
      "largest": auroc { $0.last ?? 0 },
      "mean": auroc { $0.reduce(0, +) / Float($0.count) },
      "mean of the largest 0.1 %": auroc { all in
        let tail = all.suffix(max(all.count / 1000, 4))
        return tail.reduce(0, +) / Float(tail.count)
      },
    ]
    let known = training.map(Self.histogram)
    histogram = scores { image in
      let own = Self.histogram(image)
      return known.map { other in zip(own, other).reduce(Float(0)) { $0 + abs($1.0 - $1.1) } }.min() ?? 0
    }
  }

  var strongest: Double { max(pixelStatistics.values.max() ?? 0, histogram) }

  /// 8 x 8 x 8 bins, each with its part of the pixels.
  private static func histogram(_ image: Image) -> [Float] {
    var bins = [Float](repeating: 0, count: 512)
    let part = 1 / Float(image.width * image.height)
    image.pixels.withUnsafeBufferPointer { pixels in
      for index in stride(from: 0, to: pixels.count, by: 3) {
        bins[Int(pixels[index] >> 5) * 64 + Int(pixels[index + 1] >> 5) * 8 + Int(pixels[index + 2] >> 5)] += part
      }
    }
    return bins
  }

  /// The part of pairs of a defective and a good picture in the right order; ties count half.
  static func auroc(_ good: [Float], _ defective: [Float]) -> Double {
    var right = 0.0
    for bad in defective { for fine in good { right += bad > fine ? 1 : bad == fine ? 0.5 : 0 } }
    return right / Double(good.count * defective.count)
  }
}

/// Mean and deviation of every pixel over training pictures, a little blurred.
private struct PixelStatistics {
  private let size: Int
  private var mean: [Float]
  private var deviation: [Float]

  init(_ training: [Image], size: Int) {
    self.size = size
    let pictures = training.map { Self.values($0, size) }
    mean = [Float](repeating: 0, count: size * size * 3)
    deviation = mean
    let part = 1 / Float(pictures.count)
    for values in pictures { for index in values.indices { mean[index] += values[index] * part } }
    for values in pictures {
      for index in values.indices {
        deviation[index] += (values[index] - mean[index]) * (values[index] - mean[index]) * part
      }
    }
    for index in deviation.indices { deviation[index] = deviation[index].squareRoot() }
  }

  /// |x − mean| / (deviation + 2 grey levels) of every pixel, the mean of its colours, sorted.
  func deviations(_ image: Image) -> [Float] {
    let values = Self.values(image, size)
    let all = (0..<(size * size)).map { pixel in
      var sum: Float = 0
      for index in (pixel * 3)..<(pixel * 3 + 3) { sum += abs(values[index] - mean[index]) / (deviation[index] + 2) }
      return sum / 3
    }
    return all.sorted()
  }

  /// Resized, and blurred by a 3 x 3 binomial: lone noisy pixels must not decide.
  private static func values(_ image: Image, _ size: Int) -> [Float] {
    let pixels = image.resized(width: size, height: size).pixels.map { Float($0) }
    func blurred(_ source: [Float], _ stride: Int, _ position: (Int) -> Int) -> [Float] {
      source.indices.map { index in
        let place = position(index)
        let before = place > 0 ? source[index - stride] : source[index]
        let after = place < size - 1 ? source[index + stride] : source[index]
        return (before + 2 * source[index] + after) / 4
      }
    }
    return blurred(blurred(pixels, 3) { $0 / 3 % size }, size * 3) { $0 / 3 / size }
  }
}
