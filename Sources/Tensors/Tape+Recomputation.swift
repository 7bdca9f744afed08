import Compute

extension Tape {
  /// Records a part of a network without what happens inside; on the way back it is computed again, with a tape of its own
  /// that lives only as long. Memory is then that of the largest part, for the time of one more forward pass (Chen et al.
  /// 2016, arXiv 1604.06174).
  ///
  /// - body: gives the same result whenever it is called with the same values: random numbers come from keys. It is called
  ///   with constants and no tape, and on the way back with leaves of another one. Running statistics must only be
  ///   updated in the first call.
  /// - operands: everything that `body` depends on and that is on this tape, but for ``Parameter``s, which it takes to the
  ///   tape that it is given. Gradients of a part's parameters can only be had by ``carryBack(from:outputGradient:)``.
  public func recomputed(
    _ operands: [Tensor], _ body: @escaping (_ operands: [Tensor], _ tape: Tape?) throws -> Tensor
  ) throws -> Tensor {
    let constants = operands.map(\.detached)
    let result = try body(constants, nil)
    let entry = Entry(
      count: result.shape.count, operands: operands.map { $0.node?.index },
      // Without a reference of its own, or the tape would keep itself.
      pullback: { [unowned self] outputGradient, targets in
        let inner = Tape()
        let leaves = zip(constants, targets).map { $1 == nil ? $0 : inner.watched($0) }
        let again = try body(leaves, inner)
        let gradients = try inner.carry(
          from: again, Tensor(outputGradient, shape: again.shape), for: leaves.filter { $0.node != nil },
          servesParameters: servesParameters)
        for (target, gradient) in zip(targets.compactMap(\.self), gradients) { try target.share(gradient.storage) }
      }, hasOwnParameters: true)
    return Tensor(result, node: Tensor.Node(tape: self, index: append(entry)))
  }
}
