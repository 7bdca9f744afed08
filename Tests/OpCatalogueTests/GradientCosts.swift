/// Costs of what training needs, worked out by hand, for ``CostTests``.
enum GradientCosts {
  private typealias Row = CostTests.Row

  static let rows: [CostTests.Row] = convolutions + attention + normalization + pooling + resampling + elementwise

  /// As much arithmetic as the forward pass; the gradient that is made takes the place of the array it belongs to.
  private static let convolutions: [Row] = ["convolveBackwardData", "convolveBackwardWeights"].flatMap {
    (name: String) -> [Row] in
    [
      Row("op=\(name) h=1 w=1 c=1 o=1 k=1", 2, 12),
      // 4 x 4 outputs: 16 · 9 · 2 · 3 multiply-adds; 32 inputs, 54 weights, 48 outputs.
      Row("op=\(name) h=4 w=4 c=2 o=3 k=3 p=1", 1728, 536),
      // 3 x 3 outputs of stride 2 from 7 x 7: 9 · 9 · 4; 7 · 7 · 4 inputs, 9 · 4 weights, 9 · 4 outputs.
      Row("op=\(name) h=7 w=7 c=4 o=4 k=3 s=2 g=4", 648, 1072),
      // Two groups of 4 channels to 2 outputs each, 5 x 5 outputs: 25 · 4 · 4; 200 inputs, 16 weights, 100 outputs.
      Row("op=\(name) h=5 w=5 c=8 o=4 k=1 g=2", 800, 1264),
      // Two pictures of 2 x 2 outputs: 2 · 4 · 4 · 2; 18 inputs, 8 weights, 16 outputs.
      Row("op=\(name) n=2 h=3 w=3 c=1 o=2 k=2", 128, 168),
    ]
  }

  /// Five products where the forward pass has two, and its arrays with their gradients.
  private static let attention = [
    Row("op=attendBackward heads=1 queries=1 keys=1 width=1", 10, 40, exps: 1),
    Row("op=attendBackward heads=1 queries=2 keys=3 width=4", 240, 336, exps: 6),
    Row("op=attendBackward heads=2 queries=2 keys=3 width=4", 480, 672, exps: 12),
    Row("op=attendBackward heads=1 queries=3 keys=3 width=2 causal=1", 120, 216, exps: 6),
    Row("op=attendBackward n=2 heads=1 queries=2 keys=3 width=4", 480, 672, exps: 12),
  ]

  /// Mean and variance 5 operations an element, the result 3; backward two sums of 6 and a result of 8.
  private static let normalization: [Row] = [(1, 1, 1), (2, 3, 4), (5, 1, 16), (1, 100, 2), (3, 7, 10)].flatMap {
    (batch: Int, positions: Int, channels: Int) -> [Row] in
    let (n, size) = (batch * positions * channels, "n=\(batch) positions=\(positions) c=\(channels) g=1 affine=0")
    return [
      Row("op=normalize \(size)", 8 * n, 8 * n), Row("op=applyNormalization \(size)", 3 * n, 8 * n),
      Row("op=normalizeBackward \(size)", 14 * n, 12 * n),
    ]
  }

  /// Pictures and their gradients, and those of the outputs.
  private static let pooling = [
    Row("op=poolBackward kind=max n=1 h=2 w=2 c=1 k=2 s=2", 4, 36),
    Row("op=poolBackward kind=max n=1 h=4 w=4 c=3 k=2 s=2", 48, 432),
    Row("op=poolBackward kind=mean n=2 h=4 w=4 c=3 k=2 s=2", 96, 864),
    Row("op=poolBackward kind=mean n=1 h=3 w=3 c=1 k=3 s=1 p=1", 81, 108),
    Row("op=poolBackward kind=max n=1 h=7 w=7 c=2 k=3 s=2", 162, 856),
  ]

  private static let resampling = [
    Row("op=resampleBackward mode=bilinearHalfPixel n=1 h=1 w=1 c=1 oh=1 ow=1", 0, 8),
    Row("op=resampleBackward mode=bilinearHalfPixel n=1 h=2 w=2 c=1 oh=4 ow=4", 0, 80),
    Row("op=resampleBackward mode=bilinearHalfPixel n=1 h=4 w=4 c=3 oh=2 ow=2", 0, 240),
    Row("op=resampleBackward mode=bilinearHalfPixel n=2 h=3 w=5 c=2 oh=6 ow=5", 0, 720),
    Row("op=resampleBackward mode=bilinearHalfPixel n=1 h=1 w=1 c=7 oh=3 ow=3", 0, 280),
  ]

  private static let elementwise: [Row] = [1, 3, 64, 1000, 65_537].flatMap { (n: Int) -> [Row] in
    var rows = [Row("op=activateBackward n=\(n) act=relu", 0, 12 * n)]
    rows.append(Row("op=fillRandom n=\(n) kind=normal seed=1", 0, 4 * n))
    rows.append(Row("op=sample n=\(n) seed=1", 0, 12 * n))
    rows.append(Row("op=sampleBackward n=\(n)", 0, 20 * n))
    rows.append(Row("op=adam n=\(n) step=1", 0, 32 * n))
    rows.append(Row("op=descend n=\(n)", 0, 24 * n))
    rows.append(Row("op=blend n=\(n)", 0, 12 * n))
    rows.append(Row("op=softmaxBackward rows=\(n) columns=3 log=1", 12 * n, 36 * n, exps: 3 * n))
    // 7 rows are read, and n written.
    rows.append(Row("op=accumulateRows rows=\(n) width=2 count=7", 0, 8 * (7 + n)))
    return rows
  }
}
