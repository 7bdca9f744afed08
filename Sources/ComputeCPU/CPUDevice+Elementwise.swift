import CLoops
public import Compute

extension CPUDevice {
  public func fill(_ y: Storage, with value: Float) throws {
    try Arguments("fill", on: self).require(y, "y", count: y.count)
    parallel(y.count, chunk: Self.elementsPerTask) { loops.pointee.fill(y.pointer + $0.lowerBound, $0.count, value) }
  }

  public func map(_ operation: UnaryOperation, _ x: Storage, into y: Storage) throws {
    try each("\(operation)", x, into: y) { loops.pointee.map(operation.rawValue, $0, $1, $2) }
  }

  public func combine(_ operation: BinaryOperation, _ a: Storage, _ b: Storage, into y: Storage) throws {
    try Arguments("\(operation)", on: self).requireSameCount([a, b, y])
    parallel(y.count, chunk: Self.elementsPerTask) { part in
      let start = part.lowerBound
      loops.pointee.combine(operation.rawValue, a.pointer + start, b.pointer + start, y.pointer + start, part.count)
    }
  }

  public func combineRows(_ operation: BinaryOperation, _ x: Storage, vector: Storage, into y: Storage) throws {
    try Arguments("\(operation) rows", on: self).requireRows(x, vector, y)
    let columns = vector.count
    let combine = loops.pointee.combine
    parallel(x.count / columns, chunk: Self.elementsPerTask / columns) { rows in
      for row in rows {
        combine(
          operation.rawValue, x.pointer + row * columns, vector.pointer, y.pointer + row * columns, columns)
      }
    }
  }

  public func affine(_ x: Storage, scale: Float, shift: Float, into y: Storage) throws {
    try each("affine", x, into: y) { loops.pointee.affine($0, scale, shift, $1, $2) }
  }

  public func clamp(_ x: Storage, lower: Float, upper: Float, into y: Storage) throws {
    try each("clamp", x, into: y) { loops.pointee.clamp($0, lower, upper, $1, $2) }
  }

  public func activate(_ activation: Activation, _ x: Storage, into y: Storage) throws {
    try each("\(activation)", x, into: y) { loops.pointee.activate(activation.rawValue, $0, $1, $2) }
  }

  public func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    parallel(p.rows, chunk: Self.elementsPerTask / p.columns) { rows in
      let start = rows.lowerBound * p.columns
      loops.pointee.softmax_rows(x.pointer + start, y.pointer + start, rows.count, p.columns, p.logarithmic ? 1 : 0)
    }
  }

  public func activateBackward(
    _ activation: Activation, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try Arguments("activateBackward", on: self).requireSameCount([x, outputGradient, gradient])
    parallel(x.count, chunk: Self.elementsPerTask) { part in
      let start = part.lowerBound
      loops.pointee.activate_backward(
        activation.rawValue, x.pointer + start, outputGradient.pointer + start, gradient.pointer + start, part.count)
    }
  }

  public func softmaxBackward(
    _ p: SoftmaxProblem, _ y: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try p.checkGradient(y, outputGradient, gradient, on: self)
    parallel(p.rows, chunk: Self.elementsPerTask / p.columns) { rows in
      let start = rows.lowerBound * p.columns
      loops.pointee.softmax_backward_rows(
        y.pointer + start, outputGradient.pointer + start, gradient.pointer + start, rows.count, p.columns,
        p.logarithmic ? 1 : 0)
    }
  }

  private func each(
    _ operation: String, _ x: Storage, into y: Storage,
    _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  ) throws {
    try Arguments(operation, on: self).requireSameCount([x, y])
    parallel(y.count, chunk: Self.elementsPerTask) {
      body(x.pointer + $0.lowerBound, y.pointer + $0.lowerBound, $0.count)
    }
  }
}
