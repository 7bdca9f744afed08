public import Checkpoints
import Compute
public import Tensors

/// The learned perceptual distance of two pictures (Zhang et al. 2018, arXiv 1801.03924), version 0.1 on VGG16.
///
/// `d = Σₖ mean over places of Σ_c w_kc · (f̂_kc − ĝ_kc)²`, with f̂ the activations relu1_2 to relu5_3 of one picture, each
/// place's divided by √Σf² + 1e-10 over its channels, ĝ the other one's, and w the learned heads.
public struct LPIPS: Sendable {
  private struct Head: Sendable {
    let tap: FeatureTap
    /// [channels]
    let weight: Storage
  }

  private let trunk: any Backbone
  private let heads: [Head]

  /// - trunk: VGG16
  /// - file: `lin<0…4>.model.1.weight` of [1, channels, 1, 1], as in the lpips package's weights/v0.1/vgg.pth; a file that
  ///   has the trunk too is as good
  /// - Throws: ``NetworkMismatch`` when heads are missing or of other shapes; a checkpoint error.
  public init(trunk: any Backbone, heads file: any TensorFile) throws {
    precondition(trunk.kind == .vgg16, "LPIPS compares features of VGG16")
    let names = try Self.check(file)
    self.trunk = trunk
    heads = try zip(names, trunk.taps).map { name, tap in
      Head(
        tap: tap,
        weight: try Storage(file.tensor(named: name, shape: [1, tap.channels, 1, 1]).values, on: trunk.device))
    }
  }

  private static let channels = [64, 128, 256, 512, 512]

  /// Checks that a file has the heads, strictly but for a trunk beside them; values are not read.
  ///
  /// - result: the heads' names in the file
  @discardableResult
  public static func check(_ file: any TensorFile) throws -> [String] {
    let first = "lin0.model.1.weight"
    let prefix = file.names.first { $0.hasSuffix(first) }.map { String($0.dropLast(first.count)) } ?? ""
    let names = channels.indices.map { "\(prefix)lin\($0).model.1.weight" }
    let present = Set(file.names)
    var mismatch = NetworkMismatch(path: file.path, network: KnownWeights.lpipsHeads.name)
    for (name, count) in zip(names, channels) {
      guard present.contains(name) else {
        mismatch.missing.append(name)
        continue
      }
      let found = try file.shape(of: name)
      if found != [1, count, 1, 1] {
        mismatch.wrongShapes.append(.init(name: name, expected: [1, count, 1, 1], found: found))
      }
    }
    // The package's own module lists its heads twice, as lin0 and lins.0.
    let others = ["net.", "lins.", "scaling_layer."].map { prefix + $0 }
    mismatch.unexpected = file.names.filter { name in
      name.hasPrefix(prefix) && !names.contains(name) && !others.contains { name.hasPrefix($0) }
    }
    guard mismatch.isEmpty else { throw mismatch }
    return names
  }

  /// The distance of each picture of a batch to its partner.
  ///
  /// - x, y: [batch, height, width, 3], RGB in −1…1, at least 16 x 16
  /// - result: [batch]
  public func distances(_ x: Tensor, _ y: Tensor) throws -> Tensor {
    guard x.shape == y.shape else {
      throw ShapeError.mismatch(
        operation: "lpips", argument: "y", expected: x.shape.extents, found: y.shape.extents)
    }
    let strides = heads.map(\.tap.stride)
    let features = try [x, y].map { try trunk.features(scaled($0), strides: strides) }
    var sum: Tensor?
    for (head, (f, g)) in zip(heads, zip(features[0], features[1])) {
      let part = try f.featureDistances(
        to: g, weights: Tensor(head.weight, shape: [head.tap.channels]), epsilon: 1e-10)
      sum = try sum?.combined(.add, with: part) ?? part
    }
    guard let sum else { preconditionFailure("LPIPS has five heads") }
    return sum
  }

  /// The package's scaling layer, `(x − shift) / scale`: ImageNet's mean and deviation carried to −1…1.
  private func scaled(_ x: Tensor) throws -> Tensor {
    try x.combined(.subtract, with: Tensor([-0.030, -0.088, -0.188], shape: [3], on: x.device))
      .combined(.divide, with: Tensor([0.458, 0.448, 0.450], shape: [3], on: x.device))
  }
}
