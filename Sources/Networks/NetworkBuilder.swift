public import Compute
public import Tensors

/// Makes the parameters and running statistics of a network under the names of its state dictionary, and keeps them in order.
///
/// Builders of parts share one list: `builder["layer1.0"]` prefixes names. Each parameter draws its first values from a stream
/// of its own, numbered in the order of construction.
public final class NetworkBuilder {
  /// What all builders of one network share.
  private final class Contents {
    var parameters: [Parameter] = []
    var statistics: [RunningStatistic] = []
  }

  public let device: any Device
  private let seed: UInt64
  private let prefix: String
  private let contents: Contents

  public convenience init(on device: any Device, seed: UInt64 = 0) {
    self.init(device, seed, prefix: "", Contents())
  }

  private init(_ device: any Device, _ seed: UInt64, prefix: String, _ contents: Contents) {
    self.device = device
    self.seed = seed
    self.prefix = prefix
    self.contents = contents
  }

  public var parameters: [Parameter] { contents.parameters }
  public var statistics: [RunningStatistic] { contents.statistics }

  /// The builder of a part.
  public subscript(name: String) -> NetworkBuilder {
    NetworkBuilder(device, seed, prefix: "\(prefix)\(name).", contents)
  }

  /// - checkpointAxes: see ``Parameter/checkpointAxes``
  public func parameter(
    _ name: String, _ shape: Shape, _ initial: Initializer, checkpointAxes: [Int]? = nil
  ) throws -> Parameter {
    let key = RandomKey(seed: seed, stream: UInt32(contents.parameters.count))
    let values = try initial.values(shape, key, on: device)
    let made = try Parameter(prefix + name, Tensor(values, shape: shape), checkpointAxes: checkpointAxes)
    contents.parameters.append(made)
    return made
  }

  public func statistic(_ name: String, count: Int, initial: Float) throws -> RunningStatistic {
    let made = try RunningStatistic(prefix + name, count: count, initial: initial, on: device)
    contents.statistics.append(made)
    return made
  }
}

/// A vector that training follows without gradients: a running mean or variance.
public final class RunningStatistic {
  public let name: String
  public let storage: Storage

  init(_ name: String, count: Int, initial: Float, on device: any Device) throws {
    self.name = name
    storage = try Storage(count: count, on: device)
    try device.fill(storage, with: initial)
  }

  public var value: Tensor {
    get throws { try Tensor(storage, shape: [storage.count]) }
  }

  /// `statistic ← statistic + weight · (observed − statistic)`
  func follow(_ observed: Tensor, weight: Float) throws {
    try storage.device.blend(observed.storage, weight: weight, into: storage)
  }
}
