import Compute
public import Tensors

/// A network that is trained by steps on one batch: what training is measured by, on any device.
public final class TrainingWorkload {
  public enum Kind: String, CaseIterable, Sendable {
    /// ResNet-18 on classes, cross-entropy, SGD with momentum 0.9 and a rate of 0.01.
    case resNet18 = "resnet18"
    /// ``VectorQuantizedAutoencoder``, mean absolute difference and codebook, Adam with a rate of 0.0001.
    case autoencoder

    /// Pictures of a batch, and their height and width, where nothing else is asked for.
    public var usualBatch: Int { self == .resNet18 ? 8 : 4 }
    public var usualSize: Int { self == .resNet18 ? 256 : 128 }
  }

  public static let classes = 1000
  public let builder: NetworkBuilder
  private let optimizer: Optimizer
  private let rate: Double
  private let loss: (Pass) throws -> Tensor

  /// - pictures: [batch, height, width, 3]; picture i is of class `37 i mod 1000`
  /// - weights: first values by name, in PyTorch's layouts; those of `seed` unless given
  public init(
    _ kind: Kind, pictures: Tensor, seed: UInt64 = 1,
    weights: ((_ name: String, _ shape: [Int]) throws -> [Float])? = nil
  ) throws {
    builder = NetworkBuilder(on: pictures.device, seed: seed)
    let rule: OptimizerRule
    switch kind {
    case .resNet18:
      let network = try ResidualClassifier(builder, classes: Self.classes)
      var labels = [Float](repeating: 0, count: pictures.shape[0] * Self.classes)
      for picture in 0..<pictures.shape[0] { labels[picture * Self.classes + 37 * picture % Self.classes] = 1 }
      let wanted = try Tensor(labels, shape: [pictures.shape[0], Self.classes], on: pictures.device)
      loss = { try Loss.crossEntropy(network(pictures, $0), labels: wanted) }
      (rule, rate) = (.momentum(0.9), 0.01)
    case .autoencoder:
      let network = try VectorQuantizedAutoencoder(builder)
      loss = {
        let (picture, codebook) = try network(pictures, $0)
        return try Loss.meanAbsolute(picture, pictures).combined(.add, with: codebook)
      }
      (rule, rate) = (.adam(), 0.0001)
    }
    if let weights { try builder.setValues(weights) }
    optimizer = try Optimizer(rule, ParameterArena(builder.parameters))
  }

  /// One step: forwards, backwards, and the change of all parameters.
  ///
  /// - result: the loss before the change, [1]; reading it waits for the device
  public func step() throws -> Tensor {
    let tape = Tape()
    let value = try loss(Pass(tape: tape, isTraining: true))
    try tape.carryBack(from: value)
    try optimizer.step(rate: rate)
    return value.detached
  }
}
