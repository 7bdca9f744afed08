import Compute
import Foundation
public import Tensors

/// The squared angle between vectors: `2 · arcsin²(|û − v̂| / 2) = θ² / 2` (K. Crowson's VQGAN+CLIP; Eq. 13 of our reading of arXiv
/// 2403.06247).
public enum SphericalLoss {
  /// Of one row, and by it.
  struct Term {
    let loss: Double
    let gradient: [Double]

    /// With θ from both chords, `2 · atan2(|û − v̂|, |û + v̂|)`, nothing is lost at 0 or at π. Of the gradient
    /// `−θ / sin θ · (v̂ − cos θ · û) / |u|` the vector in brackets has the length sin θ; at θ = 0 it is 0, and at π no direction
    /// is better than another.
    init(_ u: ArraySlice<Float>, _ v: [Double]) {
      let length = max(u.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-30)
      let unit = u.map { Double($0) / length }
      func norm(_ x: some Sequence<Double>) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let angle = 2 * atan2(norm(zip(unit, v).map(-)), norm(zip(unit, v).map(+)))
      let across = zip(unit, v).map { $1 - cos(angle) * $0 }
      let sine = norm(across)
      let factor = sine > 1e-12 ? -angle / sine / length : 0
      loss = angle * angle / 2
      gradient = across.map { factor * $0 }
    }
  }

  /// The mean over rows. It is computed on the host, in Float64: rows are few, and the same on every device.
  ///
  /// - vectors: [rows, width]
  /// - target: [width], of any length but 0
  /// - result: [1], differentiable in `vectors`
  public static func mean(_ vectors: Tensor, to target: [Float]) throws -> Tensor {
    let width = target.count
    guard vectors.shape.rank == 2, vectors.shape[1] == width else {
      throw ShapeError.mismatch(
        operation: "sphericalLoss", argument: "vectors", expected: [vectors.shape.extents.first ?? 1, width],
        found: vectors.shape.extents)
    }
    let length = max(target.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-30)
    let unit = target.map { Double($0) / length }
    let (values, rows) = (try vectors.values(), vectors.shape[0])
    let terms = (0..<rows).map { Term(values[($0 * width)..<(($0 + 1) * width)], unit) }
    let loss = terms.reduce(0) { $0 + $1.loss } / Double(rows)
    let gradient = terms.flatMap { term in term.gradient.map { Float($0 / Double(rows)) } }
    // The value as it was computed; on the way back the product with the gradient stands for it.
    let product = try vectors.combined(.multiply, with: Tensor(gradient, shape: vectors.shape, on: vectors.device))
    return try Tensor([Float(loss)], shape: [1], on: vectors.device).straightThrough(to: product.reduced(.sum))
  }
}
