import Compute

/// What was computed from what, in order, so that gradients can be carried back through it: reverse-mode differentiation.
///
/// Whatever has an operand on a tape is recorded on it; nothing else is, so inference needs no switch. The tape is flat:
/// entries name their operands by number, which are always smaller than their own.
///
/// - Carrying back walks the numbers downwards. An entry's closure, and with it what the closure kept, is dropped as soon as
///   it has run; so is the gradient that went into it.
/// - Entries that lead to nothing whose gradient is wanted are passed over, and operands that do not are left out.
/// - Closures work on `Storage`, never on `Tensor`: the way back cannot record itself.
///
/// A tape serves one task; like tensors it does not cross to another.
public final class Tape {
  /// Carries a result's gradient to its operands; a target is nil where no gradient is wanted.
  typealias Pullback = (_ outputGradient: Storage, _ targets: [GradientTarget?]) throws -> Void

  struct Entry {
    let count: Int
    /// Entries of the operands; nil for those that are not on the tape.
    let operands: [Int?]
    /// Where the gradient of a leaf goes; nil for what a caller asks for.
    var parameter: Parameter?
    var pullback: Pullback?
    /// Whether the closure runs for the parameters' sake although no operand wants a gradient: a recomputed part has
    /// parameters of its own.
    var hasOwnParameters = false
  }

  private(set) var entries: [Entry] = []
  private var leaves: [ObjectIdentifier: Int] = [:]
  /// What the walk that is under way is for; recomputed parts ask.
  private(set) var servesParameters = true

  public init() {}

  /// Entries so far.
  public var count: Int { entries.count }

  /// The same values as a leaf of this tape, for ``gradients(of:for:keepingTape:)``.
  public func watched(_ tensor: Tensor) -> Tensor {
    Tensor(tensor, node: Tensor.Node(tape: self, index: append(Entry(count: tensor.shape.count, operands: []))))
  }

  /// The parameter's value as a leaf of this tape, the same leaf at every use; a frozen one is a constant.
  func leaf(_ parameter: Parameter) -> Tensor {
    guard parameter.isTrainable else { return parameter.value }
    let key = ObjectIdentifier(parameter)
    let index = leaves[key] ?? append(Entry(count: parameter.shape.count, operands: [], parameter: parameter))
    leaves[key] = index
    return Tensor(parameter.value, node: Tensor.Node(tape: self, index: index))
  }

  func append(_ entry: Entry) -> Int {
    entries.append(entry)
    return entries.count - 1
  }

  /// Adds the gradients of a loss to those of all parameters that it depends on.
  ///
  /// The tape is spent by this: it holds no values any more.
  ///
  /// - loss: usually one value; the gradient of its sum is taken
  /// - outputGradient: the gradient that arrives at `loss`; ones unless given
  /// - Throws: ``TapeError``, `DeviceError`.
  public func carryBack(from loss: Tensor, outputGradient: Tensor? = nil) throws {
    _ = try carry(from: loss, outputGradient, for: [], servesParameters: true)
  }

  /// The gradients of a loss for some tensors of this tape, ``Parameter``s' leaves among them; zeros where it does not
  /// depend on them. Gradients that parameters hold are left as they are.
  ///
  /// - keepingTape: whether gradients can be taken again afterwards; what they need then stays in memory
  public func gradients(
    of loss: Tensor, for wanted: [Tensor], outputGradient: Tensor? = nil, keepingTape: Bool = false
  ) throws -> [Tensor] {
    try carry(from: loss, outputGradient, for: wanted, servesParameters: false, keepingTape: keepingTape)
  }

  /// One walk: the gradients of parameters where they stay, if they are served, and those of the tensors wanted.
  func carry(
    from loss: Tensor, _ outputGradient: Tensor?, for wanted: [Tensor], servesParameters: Bool,
    keepingTape: Bool = false
  ) throws -> [Tensor] {
    let indices = try wanted.map { tensor in
      guard let node = tensor.node, node.tape === self else {
        throw TapeError.notRecorded("A tensor whose gradient is asked for")
      }
      return node.index
    }
    let earlier = self.servesParameters
    self.servesParameters = servesParameters
    defer { self.servesParameters = earlier }
    var walk = try BackwardWalk(
      self, from: loss, outputGradient, for: Set(indices), servesParameters: servesParameters)
    try walk.run(keepingTape: keepingTape)
    return try zip(wanted, indices).map { tensor, index in
      try walk.kept[index].map { try Tensor($0, shape: tensor.shape) }
        ?? .filled(0, shape: tensor.shape, on: loss.device)
    }
  }

  /// An entry's closure, taken for its last run or lent; nil for leaves, and where it was taken before.
  func pullback(_ index: Int, keeping: Bool) -> Pullback? {
    defer { if !keeping { entries[index].pullback = nil } }
    return entries[index].pullback
  }
}

/// What can be wrong with a request for gradients.
public enum TapeError: Error, Hashable, Sendable, CustomStringConvertible {
  case notRecorded(String)
  case spent

  public var description: String {
    switch self {
    case .notRecorded(let what): "\(what) does not depend on anything on this tape."
    case .spent: "Gradients were carried back through this tape already, and what it kept is gone."
    }
  }
}
