public import Checkpoints
import Foundation

/// The tensors of a convolutional network, made from a seed: for timings and tests without a download.
///
/// Convolutions are uniform with He's variance 2 / (outputs · kernel area), torchvision's `kaiming_normal_` with fan-out;
/// normalisations vary around the identity. Whole-number arithmetic and single roundings only, so that every machine,
/// and a script in another language, makes the same values.
public struct RandomWeights: TensorFile {
  public let seed: UInt64
  public var path: String { "random:\(seed)" }
  /// None in particular: any name and shape has its values.
  public let names: [String] = []

  public init(seed: UInt64) { self.seed = seed }

  /// The seed of "random:7", which may stand where a file's path does.
  public static func seed(parsing text: String) -> UInt64? {
    text.hasPrefix("random:") ? UInt64(text.dropFirst("random:".count)) : nil
  }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { throw .missing(path: path, name: name) }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    throw .missing(path: path, name: name)
  }

  public func tensor(named name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    let stream = Self.mixed(name.utf8.reduce(seed) { Self.mixed($0 ^ UInt64($1)) })
    let (center, spread) = Self.range(name, shape)
    let values = (0..<shape.reduce(1, *)).map { index in
      // 24 bits: −1 < u < 1, exact in Float32 and Double.
      let bits = Self.mixed(stream &+ UInt64(index)) >> 40
      return Float(center + spread * (Double(2 * bits + 1) / Double(1 << 24) - 1))
    }
    return HostTensor(shape: shape, values: values)
  }

  /// The middle of a tensor's values and how far they reach.
  private static func range(_ name: String, _ shape: [Int]) -> (Double, Double) {
    if name.hasSuffix("running_var") || (name.hasSuffix("weight") && shape.count == 1) { return (1, 0.5) }
    guard shape.count == 4 else { return (0, 0.1) }
    return (0, (6 / Double(shape[0] * shape[2] * shape[3])).squareRoot())
  }

  /// SplitMix64's output function (Steele, Lea and Flood 2014) of the state after `x`.
  private static func mixed(_ x: UInt64) -> UInt64 {
    var z = x &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
