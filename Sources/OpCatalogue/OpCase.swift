public import Compute

/// Values of an array on the host.
public enum HostArray: Sendable, Equatable {
  case floats([Float])
  case integers([Int32])

  public var count: Int {
    switch self {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }

  /// The values' bits, of NaN too: for comparisons of one device with itself.
  public var bits: [UInt32] {
    switch self {
    case .floats(let values): values.map(\.bitPattern)
    case .integers(let values): values.map { UInt32(bitPattern: $0) }
    }
  }
}

/// One array of a case.
public struct OpArray: Sendable {
  public enum Role: Sendable { case input, output, updated }
  /// Where the values of an input come from.
  package enum Content: Sendable {
    case data
    /// Whatever the kind of data: for indices, filter taps, arguments of logarithms.
    case made(@Sendable (inout CaseRandom, Fill) -> HostArray)
  }

  public let name: String
  public let shape: Shape
  public let role: Role
  package let isIndex: Bool
  package let content: Content
  /// Whether NaN and infinity may be put here: where an implementation may multiply them with padding's zeros or not,
  /// the result is not defined.
  package let takesIntruders: Bool

  package static func input(_ name: String, _ shape: Shape, takesIntruders: Bool = true) -> OpArray {
    OpArray(name: name, shape: shape, role: .input, isIndex: false, content: .data, takesIntruders: takesIntruders)
  }
  package static func input(
    _ name: String, _ shape: Shape, made: @escaping @Sendable (inout CaseRandom, Fill) -> HostArray
  ) -> OpArray {
    OpArray(name: name, shape: shape, role: .input, isIndex: false, content: .made(made), takesIntruders: false)
  }
  package static func output(_ name: String, _ shape: Shape, isIndex: Bool = false) -> OpArray {
    OpArray(name: name, shape: shape, role: .output, isIndex: isIndex, content: .data, takesIntruders: false)
  }
  package static func updated(
    _ name: String, _ shape: Shape, made: @escaping @Sendable (inout CaseRandom, Fill) -> HostArray
  ) -> OpArray {
    OpArray(name: name, shape: shape, role: .updated, isIndex: false, content: .made(made), takesIntruders: false)
  }
  package static func updated(_ name: String, _ shape: Shape) -> OpArray {
    OpArray(name: name, shape: shape, role: .updated, isIndex: false, content: .data, takesIntruders: true)
  }
}

/// A case's arrays on the host, by their position.
package struct HostArrays: Sendable {
  var arrays: [HostArray]
  package subscript(index: Int) -> [Float] { if case .floats(let values) = arrays[index] { values } else { [] } }
  package func indices(_ index: Int) -> [Int32] { if case .integers(let values) = arrays[index] { values } else { [] } }
}

/// A case's arrays on a device, by their position.
package struct DeviceArrays {
  enum Element {
    case floats(Storage)
    case integers(IndexStorage)
  }
  let arrays: [Element]

  package subscript(index: Int) -> Storage {
    guard case .floats(let storage) = arrays[index] else { preconditionFailure("Array \(index) holds integers.") }
    return storage
  }
  package func indices(_ index: Int) -> IndexStorage {
    guard case .integers(let storage) = arrays[index] else { preconditionFailure("Array \(index) holds floats.") }
    return storage
  }
}

/// One operation at one size: what it takes, how a device computes it, and what must come out.
public struct OpCase: Sendable {
  public let operation: String
  public let parameters: Parameters
  public let arrays: [OpArray]
  /// The kinds of data that say something about this operation.
  public let fills: [Fill]
  public var floatingPointOperations = 0
  public var bytesMoved = 0
  /// Exponentials, which have a roof of their own.
  public var exponentials = 0
  /// Outputs that are one value by their nature: agreement of uniform values is then no cause for mistrust.
  var isUniformByNature = false
  let run: @Sendable (any Device, DeviceArrays) throws -> Void
  /// Where something is made once and used by many runs: makes it, and returns a run.
  var repeated: (@Sendable (any Device, DeviceArrays) throws -> () throws -> Void)?
  /// In Double, from the definition in the operation's documentation; one for each output, in their order.
  let reference: @Sendable (HostArrays, Fill) -> [Expected]
  /// For operations linear in array 0, which write array `outputs[0]`: Jᵀ·y, in Double, by scattering.
  var adjoint: (@Sendable (HostArrays, [Double]) -> [Double])?

  package init(
    operation: String, parameters: Parameters, arrays: [OpArray], fills: [Fill], floatingPointOperations: Int = 0,
    bytesMoved: Int = 0, run: @escaping @Sendable (any Device, DeviceArrays) throws -> Void,
    reference: @escaping @Sendable (HostArrays, Fill) -> [Expected]
  ) {
    self.operation = operation
    self.parameters = parameters
    self.arrays = arrays
    self.fills = fills
    self.floatingPointOperations = floatingPointOperations
    self.bytesMoved = bytesMoved
    self.run = run
    self.reference = reference
  }

  /// `op=convolve n=1 … data=normal`: what a replay takes.
  public func text(_ fill: Fill) -> String { "op=\(operation) \(parameters) data=\(fill)" }

  public var outputs: [Int] { arrays.indices.filter { arrays[$0].role != .input } }
  /// Multiplications and additions of the reference, near enough to bound its time.
  public var work: Int { max(floatingPointOperations / 2, arrays.reduce(0) { $0 + $1.shape.count }) }

  /// The values that go in; of outputs, NaN.
  func inputs(_ fill: Fill, seed: UInt64) -> HostArrays {
    var random = CaseRandom(key: text(fill), seed: seed)
    var first = true
    var values = arrays.map { array -> HostArray in
      let count = array.shape.count
      if array.role == .output {
        return array.isIndex
          ? .integers([Int32](repeating: .min, count: count)) : .floats([Float](repeating: .nan, count: count))
      }
      if case .made(let make) = array.content { return make(&random, fill) }
      defer { first = false }
      return .floats(fill.values(count, first: first, &random))
    }
    let open = arrays.indices.filter { arrays[$0].takesIntruders && arrays[$0].shape.count > 0 }
    if !open.isEmpty, let intruder = fill.intruder(&random) {
      let chosen = random.pick(open)
      guard case .floats(var floats) = values[chosen] else { return HostArrays(arrays: values) }
      // Two at most, for operations that take the first of several.
      for _ in 0..<random.int(1...2) { floats[random.int(0...(floats.count - 1))] = intruder }
      values[chosen] = .floats(floats)
    }
    return HostArrays(arrays: values)
  }
}

/// An operation: how its cases are made, and which ones are always run.
public struct Op: Sendable {
  public let name: String
  /// The device functions that its cases call.
  public let functions: [String]
  /// How far outputs may be off, in words; u is half a unit in the last place of 1. What counts is in the references.
  public let bound: String
  /// Parameters of the fixed suite; every test of the catalogue, and `parity run`.
  public let suite: [Parameters]
  /// How many of the suite, from its start, are small enough for a simulator and for debug builds.
  public let tinyCount: Int
  /// Random parameters, legal by construction.
  public let random: @Sendable (inout CaseRandom) -> Parameters
  let build: @Sendable (Parameters) throws -> OpCase

  /// - Throws: ``CaseError``, or `ShapeError` when the parameters do not fit together.
  public func makeCase(_ parameters: Parameters) throws -> OpCase { try build(parameters) }
}

/// Every operation of the devices, once, for tests, `parity` and `kernel-bench`.
public enum OpCatalogue {
  public static let operations: [Op] =
    elementwise + [activate, softmax, attend, multiply, convolve, pool, resample, filter]
    + [reduce, position, gatherRows, copy, permute, nearest, coreset, convolveBackwardData, convolveBackwardWeights]
    + [activateBackward, softmaxBackward, poolBackward, resampleBackward]
    + [normalize, applyNormalization, normalizeBackward]
    + [fillRandom, sample, sampleBackward, accumulateRows, attendBackward] + optimizers

  /// - Throws: ``CaseError``
  public static func operation(_ name: String) throws(CaseError) -> Op {
    guard let found = operations.first(where: { $0.name == name }) else { throw .unknownOperation(name) }
    return found
  }

  /// The case and its data from the text that a report prints.
  public static func makeCase(parsing text: String) throws -> (case: OpCase, fill: Fill) {
    var parameters = try Parameters(parsing: text)
    guard let name = parameters["op"] else { throw CaseError.malformed("op is missing") }
    let fill: Fill = try parameters.choice("data", .normal)
    parameters["op"] = nil
    parameters["data"] = nil
    return (try operation(name).makeCase(parameters), fill)
  }
}
