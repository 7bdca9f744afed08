import CResampling
import Foundation

/// How pixels are weighted when a picture is resized, with Pillow's names and shapes.
public enum ResizeFilter: String, CaseIterable, Sendable {
  /// The pixel under the new pixel's centre.
  case nearest
  /// A triangle: 1 − |x| within 1.
  case bilinear
  /// Keys' cubic with a = −0.5, within 2 (Keys 1981, doi 10.1109/TASSP.1981.1163711).
  case bicubic
  /// sinc(x) · sinc(x / 3) within 3.
  case lanczos

  /// Up to which distance inputs count, in pixels of the coarser side.
  fileprivate var support: Double {
    switch self {
    case .nearest: 0.5
    case .bilinear: 1
    case .bicubic: 2
    case .lanczos: 3
    }
  }

  fileprivate func weight(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .nearest: return 1
    case .bilinear: return max(1 - distance, 0)
    case .bicubic:
      if distance < 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
      return distance < 2 ? ((distance - 5) * distance + 8) * distance * -0.5 + 2 : 0
    case .lanczos: return -3 <= x && x < 3 ? Self.sinc(x) * Self.sinc(x / 3) : 0
    }
  }

  private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

/// For each output pixel along an axis, the input pixels under its filter and their weights, which sum to 1.
struct ResizeAxis {
  private let input: Int
  private let taps: Int
  private let firsts: [Int32]
  private let counts: [Int32]
  private let fixed: [Int32]
  private let floating: [Float]

  /// Shrinking widens the filter by the factor, so that every input counts: Pillow's antialiasing.
  init(from input: Int, to output: Int, _ filter: ResizeFilter) {
    self.input = input
    let scale = Double(input) / Double(output)
    let widening = max(scale, 1)
    let support = filter.support * widening
    // Pillow multiplies by the reciprocal; dividing could round the last of 22 bits otherwise.
    let narrowing = 1 / widening
    let taps = filter == .nearest ? 1 : 2 * Int(support.rounded(.up)) + 1
    self.taps = taps
    var firsts: [Int32] = []
    var counts: [Int32] = []
    var fixed = [Int32](repeating: 0, count: output * taps)
    var floating = [Float](repeating: 0, count: output * taps)
    for index in 0..<output {
      let centre = (Double(index) + 0.5) * scale
      var range = max(Int(centre - support + 0.5), 0)..<min(Int(centre + support + 0.5), input)
      if filter == .nearest {
        let nearest = (2 * index + 1) * input / (2 * output)
        range = nearest..<(nearest + 1)
      }
      let weights = range.map { filter.weight((Double($0) - centre + 0.5) * narrowing) }
      let sum = weights.reduce(0, +)
      firsts.append(Int32(range.lowerBound))
      counts.append(Int32(range.count))
      for (tap, weight) in weights.enumerated() {
        let scaled = weight / sum * Double(1 << 22)
        fixed[index * taps + tap] = Int32(scaled + (scaled < 0 ? -0.5 : 0.5))
        floating[index * taps + tap] = Float(weight / sum)
      }
    }
    (self.firsts, self.counts, self.fixed, self.floating) = (firsts, counts, fixed, floating)
  }

  func withLoops<Value>(_ body: (cresampling_axis) -> Value) -> Value {
    firsts.withUnsafeBufferPointer { firsts in
      counts.withUnsafeBufferPointer { counts in
        fixed.withUnsafeBufferPointer { fixed in
          floating.withUnsafeBufferPointer { floating in
            body(
              cresampling_axis(
                input: input, output: firsts.count, taps: taps, firsts: firsts.baseAddress,
                counts: counts.baseAddress, fixed: fixed.baseAddress, floating: floating.baseAddress))
          }
        }
      }
    }
  }
}
