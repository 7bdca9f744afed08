import Compute
import Tensors

/// How far generated pictures lie from the nearest real one, where real ones' distances from each other are 1: near 0 a picture has
/// been memorised.
struct PictureDistances {
  /// Of each generated picture.
  let ratios: [Double]

  /// - real: [pictures, width], at least two; generated: [pictures, width]
  /// - result: nil where half of the real pictures equal another
  init?(real: Tensor, generated: Tensor) throws {
    let bank = try real.neighbourBank()
    // The nearest of all is the picture itself, or one that equals it.
    let others = try real.nearest(in: bank, count: 2).distances
    let typical = stride(from: 1, to: others.count, by: 2).map { Double(others[$0]).squareRoot() }.median
    guard typical > 0 else { return nil }
    ratios = try generated.nearest(in: bank).distances.map { Double($0).squareRoot() / typical }
  }
}

extension [Double] {
  /// The middle value, or the mean of the two; of at least one.
  var median: Double {
    let sorted = sorted()
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
  }
}
