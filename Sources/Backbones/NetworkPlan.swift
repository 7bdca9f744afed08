package import Checkpoints
import Compute

/// A convolution as a network's structure states it: its shape, and its tensors' names in a file.
struct ConvolutionPlan: Hashable, Sendable {
  /// `<name>.weight` is [outputs, inputs / groups, kernel, kernel], or [outputs, inputs] when it is a linear layer.
  let name: String
  /// The batch normalisation folded into it; without one it has a `<name>.bias`.
  let normalization: String?
  let inputs, outputs: Int
  var kernel = 1
  var stride = 1
  var groups = 1
  var padding = ConvolutionPadding.symmetric(0)
  var activation = Activation.none
  var isLinear = false

  static let normalizationParts = ["weight", "bias", "running_mean", "running_var"]

  var weightShape: [Int] { isLinear ? [outputs, inputs] : [outputs, inputs / groups, kernel, kernel] }

  /// Every tensor it needs.
  var tensors: [(name: String, shape: [Int])] {
    let vectors = normalization.map { name in Self.normalizationParts.map { "\(name).\($0)" } } ?? ["\(name).bias"]
    return [("\(name).weight", weightShape)] + vectors.map { ($0, [outputs]) }
  }
}

/// A network's structure: loading, running, exporting it and recognising its files all follow this one list.
struct NetworkPlan: Sendable {
  private(set) var layers: [NetworkLayer<ConvolutionPlan>] = []
  /// From shallow to deep.
  private(set) var taps: [FeatureTap] = []
  /// ε of its batch normalisations.
  var epsilon = 1e-5
  /// Tensors whose names begin so may be in a file and are not read: classifiers.
  var ignored: [String] = []
  /// Only tensors whose names begin so belong to the network; a larger model's file has others.
  var scope = ""

  /// Appends a layer and returns its number.
  mutating func add(
    _ operation: NetworkLayer<ConvolutionPlan>.Operation, to input: Int?, residual: Int? = nil, name: String? = nil
  ) -> Int {
    layers.append(NetworkLayer(operation, input: input, residual: residual, name: name))
    return layers.count - 1
  }

  mutating func tap(_ layer: Int, stride: Int, channels: Int) {
    taps.append(FeatureTap(stride: stride, channels: channels, layer: layer))
  }

  var convolutions: [ConvolutionPlan] {
    layers.compactMap { if case .convolution(let plan) = $0.operation { plan } else { nil } }
  }

  /// - Throws: ``NetworkMismatch`` naming every tensor of the file that is missing, of another shape, or not the network's.
  func check(_ file: any TensorFile, network: String) throws {
    // Made by name and shape on demand, it lists none.
    if file is RandomWeights { return }
    let expected = convolutions.flatMap(\.tensors)
    // Files before PyTorch 0.4 have no counters; newer ones do, and inference needs none.
    let counters = Set(convolutions.compactMap { $0.normalization.map { "\($0).num_batches_tracked" } })
    let mismatch = try NetworkMismatch(comparing: file, with: expected, network: network) { name in
      !name.hasPrefix(scope) || counters.contains(name) || ignored.contains { name.hasPrefix($0) }
    }
    guard mismatch.isEmpty else { throw mismatch }
  }
}

/// A file that is not the network's: what is wrong with its tensors, all of it.
public struct NetworkMismatch: Error, Hashable, Sendable, CustomStringConvertible {
  public struct WrongShape: Hashable, Sendable {
    public let name: String
    public let expected, found: [Int]

    public init(name: String, expected: [Int], found: [Int]) {
      self.name = name
      self.expected = expected
      self.found = found
    }
  }

  public let path: String
  public let network: String
  public package(set) var missing: [String] = []
  public package(set) var unexpected: [String] = []
  public package(set) var wrongShapes: [WrongShape] = []

  package init(path: String, network: String) {
    self.path = path
    self.network = network
  }

  /// What a file's tensors lack of those expected, and have beside them.
  ///
  /// - ignoring: which names may be in the file and are not read
  package init(
    comparing file: any TensorFile, with expected: [(name: String, shape: [Int])], network: String,
    ignoring isIgnored: (String) -> Bool
  ) throws {
    self.init(path: file.path, network: network)
    let present = Set(file.names)
    for (name, shape) in expected {
      guard present.contains(name) else {
        missing.append(name)
        continue
      }
      let found = try file.shape(of: name)
      if found != shape { wrongShapes.append(.init(name: name, expected: shape, found: found)) }
    }
    let known = Set(expected.map(\.name))
    unexpected = file.names.filter { !known.contains($0) && !isIgnored($0) }
  }

  package var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && wrongShapes.isEmpty }

  /// Names printed of each kind; a file of another network would fill the screen.
  private static let named = 4

  public var description: String {
    func list(_ items: [String], _ what: String) -> String? {
      guard !items.isEmpty else { return nil }
      let rest = items.count > Self.named ? " and \(items.count - Self.named) more" : ""
      return "\(what) \(items.prefix(Self.named).joined(separator: ", "))\(rest)"
    }
    let shapes = wrongShapes.map { "\($0.name) is \($0.found) instead of \($0.expected)" }
    let parts = [
      list(missing, "it lacks"), list(unexpected, "it has the unexpected"), list(shapes, "of other shapes:"),
    ].compactMap { $0 }
    return "\(path) is no file of \(network): \(parts.joined(separator: "; "))."
  }
}
