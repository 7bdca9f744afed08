public import Compute

/// A case with its arrays on a device, to be run many times.
public final class LoadedCase {
  public let made: OpCase
  private let arrays: DeviceArrays
  private let run: () throws -> Void

  /// - inputs: from ``OpCase/hostInputs(_:seed:)``
  public init(_ made: OpCase, _ inputs: OpCase.Inputs, on device: any Device) throws {
    self.made = made
    let arrays = DeviceArrays(
      arrays: try inputs.arrays.arrays.map { array in
        switch array {
        case .floats(let values): .floats(try Storage(values, on: device))
        case .integers(let values): .integers(try IndexStorage(values, on: device))
        }
      })
    self.arrays = arrays
    run = try made.repeated?(device, arrays) ?? { try made.run(device, arrays) }
  }

  /// Runs once; the work may still be under way when the call returns.
  public func launch() throws { try run() }

  /// What the outputs hold now; waits for the work.
  public func outputs() throws -> [HostArray] {
    try made.outputs.map { index in
      made.arrays[index].isIndex
        ? .integers(try arrays.indices(index).values()) : .floats(try arrays[index].values())
    }
  }
}

extension OpCase {
  /// A case's values on the host.
  public struct Inputs: Sendable { let arrays: HostArrays }

  public func hostInputs(_ fill: Fill, seed: UInt64) -> Inputs { Inputs(arrays: inputs(fill, seed: seed)) }

  /// The outputs against the Float64 reference: the worst of them.
  public func comparison(_ outputs: [HostArray], _ inputs: Inputs, _ fill: Fill) -> Comparison {
    let all = zip(outputs, reference(inputs.arrays, fill)).map { Comparison($0, $1) }
    return all.first { !$0.passed } ?? all.max { $0.ratio < $1.ratio } ?? Comparison()
  }
}
