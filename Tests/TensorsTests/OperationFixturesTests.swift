import TestSupport
import Testing

/// A family whose cases went missing would otherwise pass without a test.
@Test func everyFamilyHasItsCases() throws {
  #expect(
    try OperationFixtures.counts() == [
      "activation": 8, "activation gradient": 8, "affine": 1, "attention": 5, "attention gradient": 3, "binary": 36,
      "clamp": 1, "concatenation": 5, "convolution": 33,
      "convolution gradient": 10,
      "gather": 2,
      "global pooling": 6, "matrix": 36, "neighbours": 15, "normalization": 6, "permutation": 7, "pooling": 21,
      "pooling gradient": 12, "position": 8, "recorded": 55,
      "reduction": 35, "resampling": 27, "resampling gradient": 12, "slice": 6, "smoothing": 11, "softmax": 16,
      "softmax gradient": 6, "unary": 6,
    ])
}

@Test func tolerancesRefuseWhatTheyShould() {
  let tolerance = Tolerance.sum(depth: 1)
  #expect(tolerance.excess([1, 2], [1, 2]) == 0)
  #expect(tolerance.excess([1, 2], [1, 2.00001]) > 1)
  #expect(!(tolerance.excess([.nan, 2], [1, 2]) <= 1))
  #expect(!(tolerance.excess([.infinity, 2], [1, 2]) <= 1))
  #expect(!(tolerance.excess([1, 2], [.infinity, 2]) <= 1))
  #expect(tolerance.excess([.infinity, 2], [.infinity, 2]) <= 1)
  #expect(!(tolerance.excess([1], [1, 2]) <= 1))
  #expect(!(Tolerance.exact.excess([1 + 0x1p-23], [1]) <= 1))
}
