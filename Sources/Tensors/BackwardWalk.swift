import Compute

/// One walk down a tape with the gradients that have arrived so far.
struct BackwardWalk {
  private let tape: Tape
  private let device: any Device
  private let start: Int
  /// Entries that lead to what is wanted.
  private let isNeeded: [Bool]
  private let wanted: Set<Int>
  /// Whether gradients of parameters are added up where they stay.
  private let servesParameters: Bool
  private let arrived: ArrivedGradients
  /// The gradients that were asked for, by entry.
  private(set) var kept: [Int: Storage] = [:]

  init(_ tape: Tape, from loss: Tensor, _ outputGradient: Tensor?, for wanted: Set<Int>, servesParameters: Bool) throws
  {
    guard let node = loss.node, node.tape === tape else { throw TapeError.notRecorded("The loss") }
    self.tape = tape
    device = loss.device
    start = node.index
    self.wanted = wanted
    self.servesParameters = servesParameters
    var isNeeded = [Bool](repeating: false, count: node.index + 1)
    for (index, entry) in tape.entries[...node.index].enumerated() {
      isNeeded[index] =
        wanted.contains(index) || (servesParameters && (entry.parameter != nil || entry.hasOwnParameters))
        || entry.operands.contains { $0.map { isNeeded[$0] } ?? false }
    }
    self.isNeeded = isNeeded
    arrived = ArrivedGradients(count: node.index + 1, on: device)
    if let outputGradient {
      try Arguments("carryBack", on: device).require(
        outputGradient.storage, "the output's gradient", count: loss.shape.count)
      arrived.share(outputGradient.storage, with: start)
    } else {
      let ones = try Storage(count: loss.shape.count, on: device)
      try device.fill(ones, with: 1)
      arrived.share(ones, with: start)
    }
  }

  mutating func run(keepingTape: Bool) throws {
    for index in stride(from: start, through: 0, by: -1) {
      let pullback = tape.pullback(index, keeping: keepingTape)
      guard let gradient = arrived.take(index), isNeeded[index] else { continue }
      let entry = tape.entries[index]
      if wanted.contains(index) { kept[index] = gradient }
      if entry.operands.isEmpty, !entry.hasOwnParameters {
        if let parameter = parameter(of: index) { try parameter.add(gradient) }
        continue
      }
      guard let pullback else { throw TapeError.spent }
      let targets = entry.operands.map { operand -> GradientTarget? in
        guard let operand, isNeeded[operand] else { return nil }
        return GradientTarget(arrived, operand, count: tape.entries[operand].count, parameter: parameter(of: operand))
      }
      try pullback(gradient, targets)
    }
  }

  private func parameter(of index: Int) -> Parameter? { servesParameters ? tape.entries[index].parameter : nil }
}

/// Gradients on their way down, by entry.
final class ArrivedGradients {
  private var gradients: [Storage?]
  /// Whether another entry may hold the same array, so that it must not be added to in place.
  private var isShared: [Bool]
  let device: any Device

  init(count: Int, on device: any Device) {
    gradients = Array(repeating: nil, count: count)
    isShared = Array(repeating: false, count: count)
    self.device = device
  }

  func take(_ index: Int) -> Storage? {
    defer { gradients[index] = nil }
    return gradients[index]
  }

  /// What has arrived may be written to: a gradient of its own, or none yet.
  func ownGradient(_ index: Int) -> Storage? { isShared[index] ? nil : gradients[index] }
  func hasArrived(_ index: Int) -> Bool { gradients[index] != nil }

  func set(_ gradient: Storage, for index: Int) { (gradients[index], isShared[index]) = (gradient, false) }

  /// A gradient that is used elsewhere too arrives.
  func share(_ gradient: Storage, with index: Int) {
    (gradients[index], isShared[index]) = (gradient, true)
  }

  /// Adds to what has arrived.
  func add(_ gradient: Storage, to index: Int) throws {
    guard let earlier = gradients[index] else { return set(gradient, for: index) }
    if isShared[index] {
      let sum = try Storage(count: earlier.count, on: device)
      try device.combine(.add, earlier, gradient, into: sum)
      set(sum, for: index)
    } else {
      try device.combine(.add, earlier, gradient, into: earlier)
    }
  }
}

/// Where a pullback puts an operand's gradient. Several may arrive at one operand; they are added in the order of the walk.
struct GradientTarget {
  private let arrived: ArrivedGradients
  private let index: Int
  private let count: Int
  private let parameter: Parameter?

  init(_ arrived: ArrivedGradients, _ index: Int, count: Int, parameter: Parameter?) {
    self.arrived = arrived
    self.index = index
    self.count = count
    self.parameter = parameter
  }

  private var device: any Device { arrived.device }

  /// The gradient is an array that others may hold too.
  func share(_ gradient: Storage) throws {
    if let parameter { return try parameter.add(gradient) }
    if arrived.hasArrived(index) { try arrived.add(gradient, to: index) } else { arrived.share(gradient, with: index) }
  }

  /// The gradient is what `write` puts into an array, all elements of it.
  func write(_ write: (Storage) throws -> Void) throws {
    try accumulate { target, accumulate in
      guard accumulate else { return try write(target) }
      let part = try Storage(count: count, on: device)
      try write(part)
      try device.combine(.add, target, part, into: target)
    }
  }

  /// The same of an operation that can add to what is there.
  func accumulate(_ write: (_ target: Storage, _ accumulate: Bool) throws -> Void) throws {
    if let parameter { return try parameter.accumulate(write) }
    if let own = arrived.ownGradient(index) { return try write(own, true) }
    let fresh = try Storage(count: count, on: device)
    try write(fresh, false)
    try arrived.add(fresh, to: index)
  }
}
