import Compute
import Tensors

/// How much each value of pictures' descriptors varies from picture to picture, in Double.
struct DescriptorVariance {
  let pictures: Int
  /// Of each value at its position the mean squared distance from its mean over pictures.
  let values: [Double]

  /// In two passes over the device's arrays, one at a time on the host.
  ///
  /// - descriptors: [pictures, …] each
  init(_ descriptors: [Tensor]) throws {
    pictures = descriptors.reduce(0) { $0 + $1.shape[0] }
    guard let first = descriptors.first, pictures > 0 else {
      values = []
      return
    }
    let width = first.shape.count / first.shape[0]
    var means = [Double](repeating: 0, count: width)
    for part in descriptors {
      for (index, value) in try part.values().enumerated() { means[index % width] += Double(value) }
    }
    for index in means.indices { means[index] /= Double(pictures) }
    var squares = [Double](repeating: 0, count: width)
    for part in descriptors {
      for (index, value) in try part.values().enumerated() {
        let distance = Double(value) - means[index % width]
        squares[index % width] += distance * distance
      }
    }
    let count = Double(pictures)
    values = squares.map { $0 / count }
  }

  /// Over all values; 0 without pictures.
  var mean: Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }

  /// The mean over positions of each channel's variances, the last axis being channels.
  func ofChannels(_ width: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: width)
    for index in values.indices { sums[index % width] += values[index] }
    return sums.map { $0 * Double(width) / Double(values.count) }
  }

  /// `n / (n − 1)`: what makes the variance of a few pictures one of their population.
  var correction: Double { Double(pictures) / Double(pictures - 1) }
}
