import Foundation
import Synchronization

/// Values by a formula that `make_vqgan_fixtures.py` computes as well.
public enum HashedValues {
  /// Uniform in −1 ..< 1, of 24 bits.
  public static func uniform(_ name: String, _ count: Int) -> [Float] {
    let seed = name.utf8.reduce(UInt32(0)) { $0 + UInt32($1) } &* 40503
    return (0..<count).map { index in
      var h = UInt32(index) &* 2_654_435_761 &+ seed
      h ^= h >> 16
      h = h &* 2_246_822_519
      h ^= h >> 13
      return Float(h >> 8) / 8_388_608 - 1
    }
  }

  /// Hashing takes its time in debug builds, and most tests start from the same values.
  private static let made = Mutex<[String: [Float]]>([:])

  /// What a network's parameter begins with.
  public static func first(_ name: String, _ shape: [Int]) -> [Float] {
    let key = "\(name) \(shape)"
    if let known = made.withLock({ $0[key] }) { return known }
    let values = new(name, shape)
    made.withLock { $0[key] = values }
    return values
  }

  private static func new(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    if name.hasSuffix("running_mean") { return [Float](repeating: 0, count: count) }
    if name.hasSuffix("running_var") { return [Float](repeating: 1, count: count) }
    let unit = uniform(name, count)
    if name.hasSuffix("embedding.weight") { return unit }
    if shape.count == 1 { return name.hasSuffix("weight") ? unit.map { 1 + 0.25 * $0 } : unit.map { 0.125 * $0 } }
    let fan = Double(shape.dropFirst().reduce(1, *))
    let scale = Float(exp2(log2((6 / fan).squareRoot()).rounded(.toNearestOrEven)))
    return unit.map { scale * $0 }
  }
}
