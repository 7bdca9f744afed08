/// How much of an annotated defect has to be found to count as all of it (MVTec LOCO AD, Bergmann et al. 2022): a missing
/// object may lie anywhere on a shelf, so a part of the shelf's area is enough.
public enum SaturationRule: Hashable, Sendable {
  /// So many pixels.
  case pixels(Double)
  /// A part of the defect's own area; 1 is the plain per-region overlap.
  case part(Double)

  /// Whether it says anything: a finite threshold above 0.
  public var isValid: Bool { threshold > 0 && threshold.isFinite }

  private var threshold: Double {
    switch self {
    case .pixels(let value), .part(let value): value
    }
  }

  /// The pixels that saturate a defect of `area` pixels: rounded down as in MVTec's evaluation, at least one, and no more
  /// than there are.
  ///
  /// - area: at least 1
  public func area(of area: Int) -> Int {
    let pixels =
      switch self {
      case .pixels(let value): value
      case .part(let value): value * Double(area)
      }
    // Clamped before the conversion, which would trap on a huge value.
    return max(Int(min(pixels, Double(area))), 1)
  }
}

/// One annotated defect of a picture. Defects may overlap, and one may consist of several regions.
public struct DefectChannel: Sendable {
  /// [height, width], non-zero in the defect
  public let mask: [UInt8]
  public let saturation: SaturationRule

  public init(mask: [UInt8], saturation: SaturationRule) {
    self.mask = mask
    self.saturation = saturation
  }

  /// Adds to each pixel of a picture the channel's weight: 1/A of its A = `saturation` highest pixels, so that the sum of
  /// weights at or above a threshold t is min(pixels found at t / A, 1).
  ///
  /// - Returns: whether any pixel counts
  func addWeights(_ weights: inout [Int: Double], map: [Float], ignore: [UInt8]?) -> Bool {
    var pixels = mask.indices.filter { mask[$0] != 0 && (ignore?[$0] ?? 0) == 0 }
    guard !pixels.isEmpty else { return false }
    let area = saturation.area(of: pixels.count)
    // Which of equal pixels are taken does not matter: their weights meet in one sum.
    if area < pixels.count { pixels.sort { map[$0] > map[$1] } }
    for pixel in pixels.prefix(area) { weights[pixel, default: 0] += 1 / Double(area) }
    return true
  }
}
