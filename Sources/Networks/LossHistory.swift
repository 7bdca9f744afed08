import Checkpoints

/// A value with its name.
struct NamedValue: Codable, Hashable {
  let name: String
  let value: Double

  init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// The values of all losses and validations so far.
public struct LossHistory: Hashable, Sendable {
  public struct Series: Hashable, Sendable {
    public let name: String
    /// Whether it is of validation.
    public let isValidation: Bool
    /// From 1.
    public internal(set) var steps: [Int] = []
    public internal(set) var values: [Float] = []
  }

  /// In the order in which they have come; the loss that is minimised is the first one.
  public private(set) var series: [Series] = []

  public init() {}

  mutating func append(_ report: StepReport, validation: [NamedValue]) {
    for loss in report.losses { append(loss.name, false, report.step, loss.value) }
    for value in validation { append(value.name, true, report.step, Float(value.value)) }
  }

  private mutating func append(_ name: String, _ isValidation: Bool, _ step: Int, _ value: Float) {
    let found = series.firstIndex { $0.name == name && $0.isValidation == isValidation }
    if found == nil { series.append(Series(name: name, isValidation: isValidation)) }
    let index = found ?? series.count - 1
    series[index].steps.append(step)
    series[index].values.append(value)
  }

  /// For checkpoints: by number, kind and name, each [values, 2] of steps and values. Steps are exact below 2²⁴.
  var tensors: [(name: String, tensor: HostTensor)] {
    series.enumerated().map { index, series in
      let pairs = zip(series.steps, series.values).flatMap { [Float($0), $1] }
      return (
        "\(index).\(series.isValidation ? "validation" : "loss").\(series.name)",
        HostTensor(shape: [series.steps.count, 2], values: pairs)
      )
    }
  }

  /// Takes back ``tensors``, whatever their order.
  init(_ tensors: [(name: String, tensor: HostTensor)]) {
    func number(_ name: String) -> Int { Int(name.prefix { $0 != "." }) ?? .max }
    for (name, tensor) in tensors.sorted(by: { number($0.name) < number($1.name) }) { take(tensor, named: name) }
  }

  private mutating func take(_ tensor: HostTensor, named name: String) {
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, tensor.shape.count == 2, tensor.shape[1] == 2 else { return }
    var found = Series(name: String(parts[2]), isValidation: parts[1] == "validation")
    for row in 0..<tensor.shape[0] {
      // Whatever a damaged file holds: a step is a number of a size that can be counted to.
      found.steps.append(Int(exactly: tensor.values[2 * row]) ?? 0)
      found.values.append(tensor.values[2 * row + 1])
    }
    series.append(found)
  }
}
