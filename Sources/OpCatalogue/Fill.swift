/// What a case's arrays hold. Each kind exposes another sort of mistake.
public enum Fill: String, CaseIterable, Sendable {
  /// Normal with deviation 1.
  case normal
  /// 0.5 ..< 1.5: a lost term shows, as nothing cancels.
  case positive
  /// Whole numbers in −4 … 4: sums of products are exact whatever their order, so bits must agree.
  case integer
  /// A single 1 in the first array, whole numbers in the others: prints the map of taps, exactly.
  case onehot
  /// The flat index modulo 1021: names the element that a copy took.
  case index
  /// 1000 plus a normal value: cancellation.
  case offset
  /// Around 10³⁰, of both signs; a quarter around ±88, where eˣ leaves Float32's range.
  case huge
  /// Around the smallest normal number, some below it.
  case tiny
  /// All equal.
  case constant
  /// One of three values: ties.
  case duplicates
  /// Normal with one or two NaN: they must reach the outputs that the reference says, and no others.
  case poison
  /// Normal with one or two infinities of one sign.
  case infinite

  /// Whether sums of products of such values have no rounding errors.
  var isExact: Bool { [.integer, .onehot, .index].contains(self) }

  /// - first: whether this is the case's first array of data
  func values(_ count: Int, first: Bool, _ random: inout CaseRandom) -> [Float] {
    switch self {
    case .normal, .poison, .infinite: return (0..<count).map { _ in Float(random.normal()) }
    case .positive: return (0..<count).map { _ in Float(0.5 + random.uniform()) }
    case .onehot where first:
      var values = [Float](repeating: 0, count: count)
      if count > 0 { values[random.int(0...(count - 1))] = 1 }
      return values
    case .integer, .onehot: return (0..<count).map { _ in Float(random.int(-4...4)) }
    case .index: return (0..<count).map { Float($0 % 1021) }
    case .offset: return (0..<count).map { _ in Float(1000 + random.normal()) }
    case .huge:
      return (0..<count).map { _ in
        Float(random.int(0...3) > 0 ? 1e30 * random.normal() : random.pick([-1, 1]) * (86 + 4 * random.uniform()))
      }
    case .tiny: return (0..<count).map { _ in Float(2e-38 * random.normal()) }
    case .constant:
      let value = Float(random.normal())
      return [Float](repeating: value, count: count)
    case .duplicates: return (0..<count).map { _ in random.pick([-1.25, 0.5, 2]) }
    }
  }

  /// What one random place is overwritten with, if anything.
  func intruder(_ random: inout CaseRandom) -> Float? {
    switch self {
    case .poison: .nan
    case .infinite: random.int(0...1) == 0 ? .infinity : -.infinity
    default: nil
    }
  }
}
