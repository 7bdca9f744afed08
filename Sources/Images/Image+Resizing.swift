extension Image {
  /// The picture at another size by antialiased bilinear filtering: bit for bit the `resize(…, BILINEAR)` of Pillow up to
  /// 12; from 13 on Pillow goes along columns first for some sizes, which moves values by one.
  ///
  /// Two passes, along rows and then along columns, each a weighted mean under a triangle as wide as the shrink factor,
  /// with weights of 22 fractional bits and rounding to 8 bits after each.
  public func resized(width newWidth: Int, height newHeight: Int) -> Image {
    let newWidth = max(newWidth, 1)
    let newHeight = max(newHeight, 1)
    var image = self
    if newWidth != width { image = image.resampledRows(TriangleFilter(from: width, to: newWidth)) }
    if newHeight != height { image = image.resampledColumns(TriangleFilter(from: height, to: newHeight)) }
    return image
  }

  private func resampledRows(_ filter: TriangleFilter) -> Image {
    let newWidth = filter.spans.count
    let channels = channels
    let result = [UInt8](unsafeUninitializedCapacity: newWidth * height * channels) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for row in 0..<height {
          for (column, span) in filter.spans.enumerated() {
            for channel in 0..<channels {
              var sum = TriangleFilter.half
              var place = (row * width + span.first) * channels + channel
              for weight in span.weights {
                sum &+= Int32(source[place]) &* weight
                place += channels
              }
              target[(row * newWidth + column) * channels + channel] = TriangleFilter.rounded(sum)
            }
          }
        }
      }
      count = newWidth * height * channels
    }
    return Image(unchecked: newWidth, height, channels, result)
  }

  private func resampledColumns(_ filter: TriangleFilter) -> Image {
    let newHeight = filter.spans.count
    let stride = width * channels
    var sums = [Int32](repeating: 0, count: stride)
    let result = [UInt8](unsafeUninitializedCapacity: newHeight * stride) { target, count in
      pixels.withUnsafeBufferPointer { source in
        for (row, span) in filter.spans.enumerated() {
          for index in 0..<stride { sums[index] = TriangleFilter.half }
          for (offset, weight) in span.weights.enumerated() {
            let start = (span.first + offset) * stride
            for index in 0..<stride { sums[index] &+= Int32(source[start + index]) &* weight }
          }
          for index in 0..<stride { target[row * stride + index] = TriangleFilter.rounded(sums[index]) }
        }
      }
      count = newHeight * stride
    }
    return Image(unchecked: width, newHeight, channels, result)
  }
}

/// For each output pixel along an axis, the input pixels under its triangle and their fixed-point weights.
private struct TriangleFilter {
  struct Span {
    let first: Int
    let weights: [Int32]
  }

  static let fractionBits: Int32 = 22
  static let half = Int32(1) << (fractionBits - 1)

  let spans: [Span]

  init(from input: Int, to output: Int) {
    let scale = Double(input) / Double(output)
    let support = max(scale, 1)
    // Pillow multiplies by the reciprocal; dividing could round the last of 22 bits otherwise.
    let narrowing = 1 / support
    spans = (0..<output).map { index in
      let centre = (Double(index) + 0.5) * scale
      let first = max(Int(centre - support + 0.5), 0)
      let end = min(Int(centre + support + 0.5), input)
      let weights = (first..<end).map { max(1 - abs((Double($0) - centre + 0.5) * narrowing), 0) }
      let sum = weights.reduce(0, +)
      return Span(first: first, weights: weights.map { Int32(0.5 + $0 / sum * Double(1 << Self.fractionBits)) })
    }
  }

  static func rounded(_ sum: Int32) -> UInt8 { UInt8(clamping: sum >> fractionBits) }
}
