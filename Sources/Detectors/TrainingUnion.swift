/// What a model is trained on: real normal pictures and, without any weight, generated ones (D_train = real ∪ generated).
///
/// Members are numbered: the real pictures from 0, then the generated ones. Whatever judges the model, as thresholds and
/// quantiles do, rests on real pictures alone, so only these are ever held out; and what is trained meanwhile sees
/// neither the held-out pictures nor their generated descendants, nor generated pictures whose parents nobody knows.
public struct TrainingUnion: Hashable, Sendable {
  /// How many real pictures there are.
  public let real: Int
  /// Of each generated picture, the real members that it descends from, none for others' descendants; nil where nobody knows.
  public let parents: [[Int]?]

  public init(real: Int, parents: [[Int]?] = []) {
    precondition(parents.allSatisfy { $0?.allSatisfy((0..<real).contains) ?? true }, "parents are real members")
    self.real = real
    self.parents = parents
  }

  public var generated: Int { parents.count }
  public var count: Int { real + generated }

  /// A part of the real pictures, and the members that are trained on while it is held out.
  public struct Fold: Hashable, Sendable {
    public let heldOut: [Int]
    public let trained: [Int]
  }

  /// Folds of a cross-fitting: fold `f` holds out the real pictures `f, f + folds, f + 2·folds, …`.
  ///
  /// - folds: how many are asked for; there are no more of them than real pictures.
  public func folds(_ folds: Int) -> [Fold] {
    let folds = min(folds, real)
    return (0..<folds).map { fold in
      let heldOut = Array(stride(from: fold, to: real, by: folds))
      return Fold(heldOut: heldOut, trained: trained(without: heldOut))
    }
  }

  /// All members that may be trained on while real ones are held out, in rising order; all there are where none is.
  public func trained(without heldOut: [Int]) -> [Int] {
    guard !heldOut.isEmpty else { return Array(0..<count) }
    let heldOut = Set(heldOut)
    let generated = parents.indices.filter { parents[$0].map(heldOut.isDisjoint(with:)) ?? false }
    return (0..<real).filter { !heldOut.contains($0) } + generated.map { real + $0 }
  }
}

extension TrainingUnion {
  /// What cross-fitted scores come from, in words.
  ///
  /// - folds: as for ``folds(_:)``
  func origin(folds: Int) -> String {
    let unknown = parents.count { $0 == nil }
    var text = "\(real) normal training pictures, cross-fitted in \(min(folds, real)) folds"
    if unknown < generated { text += ", each without generated descendants of the pictures that it holds out" }
    if unknown > 0 { text += ", without \(unknown) generated picture\(unknown == 1 ? "" : "s") of unknown parents" }
    return text
  }
}
