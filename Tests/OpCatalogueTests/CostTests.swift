import OpCatalogue
import Testing

/// What roofs are compared with: arithmetic, bytes of each operand once, and exponentials, worked out by hand.
///
/// Element-wise work counts no arithmetic: memory bounds it on every device.
struct CostTests {
  struct Row: Sendable, CustomTestStringConvertible {
    let text: String
    let flops, bytes: Int
    var exps = 0

    init(_ text: String, _ flops: Int, _ bytes: Int, exps: Int = 0) {
      (self.text, self.flops, self.bytes, self.exps) = (text, flops, bytes, exps)
    }

    var testDescription: String { text }
  }

  private static let elementwise: [Row] = [1, 3, 64, 1000, 65537].flatMap { n in
    [
      Row("op=fill n=\(n)", 0, 4 * n), Row("op=map n=\(n) f=squareRoot", 0, 8 * n),
      Row("op=combine n=\(n) f=add", 0, 12 * n), Row("op=combineRows rows=\(n) columns=5 f=add", 0, 40 * n),
      Row("op=affine n=\(n)", 0, 8 * n), Row("op=clamp n=\(n)", 0, 8 * n), Row("op=activate n=\(n) act=relu", 0, 8 * n),
    ]
  }

  /// A multiply-add is two operations; [m, k], [k, n] and [m, n] are moved.
  private static let multiply = [
    Row("op=multiply m=1 n=1 k=1", 2, 12), Row("op=multiply m=2 n=3 k=4", 48, 104),
    Row("op=multiply m=10 n=20 k=30", 12_000, 4400), Row("op=multiply b=2 m=2 n=3 k=4", 96, 208),
    Row("op=multiply m=64 n=64 k=64 tb=1", 524_288, 49_152),
  ]

  /// Outputs by taps by channels of their group, twice; bias and residual are read.
  private static let convolve = [
    Row("op=convolve h=1 w=1 c=1 o=1 k=1", 2, 12),
    // 4 x 4 outputs: 16 · 9 · 2 · 3 multiply-adds; 32 inputs, 54 weights, 48 outputs.
    Row("op=convolve h=4 w=4 c=2 o=3 k=3 p=1", 1728, 536),
    // The same with 3 biases and 48 residuals.
    Row("op=convolve h=4 w=4 c=2 o=3 k=3 p=1 bias=1 residual=1", 1728, 740),
    // 3 x 3 outputs of stride 2 from 7 x 7: 9 · 9 · 4; 7 · 7 · 4 inputs, 9 · 4 weights, 9 · 4 outputs.
    Row("op=convolve h=7 w=7 c=4 o=4 k=3 s=2 g=4", 648, 1072),
    // Two groups of 4 channels to 2 outputs each, 5 x 5 outputs: 25 · 4 · 4; 200 inputs, 16 weights, 100 outputs.
    Row("op=convolve h=5 w=5 c=8 o=4 k=1 g=2", 800, 1264),
  ]

  /// Queries by keys that they see: 4 · width each; q, y, k, v and the logarithms of sums.
  private static let attend = [
    Row("op=attend heads=1 queries=1 keys=1 width=1", 4, 20, exps: 1),
    Row("op=attend heads=1 queries=2 keys=3 width=4", 96, 168, exps: 6),
    Row("op=attend heads=2 queries=2 keys=3 width=4", 192, 336, exps: 12),
    // The queries see 1, 2 and 3 keys.
    Row("op=attend heads=1 queries=3 keys=3 width=2 causal=1", 48, 108, exps: 6),
    Row("op=attend n=2 heads=1 queries=2 keys=3 width=4", 192, 336, exps: 12),
  ]

  private static let softmax = [
    Row("op=softmax rows=1 columns=1", 5, 8, exps: 1), Row("op=softmax rows=2 columns=3", 30, 48, exps: 6),
    Row("op=softmax rows=10 columns=10", 500, 800, exps: 100),
    Row("op=softmax rows=7 columns=11 log=1", 385, 616, exps: 77),
    Row("op=softmax rows=1 columns=1000", 5000, 8000, exps: 1000),
  ]

  /// Every output looks at every tap.
  private static let pool = [
    Row("op=pool kind=max n=1 h=2 w=2 c=1 k=2 s=2", 4, 20), Row("op=pool kind=max n=1 h=4 w=4 c=3 k=2 s=2", 48, 240),
    Row("op=pool kind=mean n=2 h=4 w=4 c=3 k=2 s=2", 96, 480),
    Row("op=pool kind=mean n=1 h=3 w=3 c=1 k=3 s=1 p=1", 81, 72),
    Row("op=pool kind=max n=1 h=7 w=7 c=2 k=3 s=2", 162, 464),
  ]

  private static let resample = [
    Row("op=resample mode=bilinearHalfPixel n=1 h=1 w=1 c=1 oh=1 ow=1", 0, 8),
    Row("op=resample mode=bilinearHalfPixel n=1 h=2 w=2 c=1 oh=4 ow=4", 0, 80),
    Row("op=resample mode=bilinearHalfPixel n=1 h=4 w=4 c=3 oh=2 ow=2", 0, 240),
    Row("op=resample mode=bilinearHalfPixel n=2 h=3 w=5 c=2 oh=6 ow=5", 0, 720),
    Row("op=resample mode=bilinearHalfPixel n=1 h=1 w=1 c=7 oh=3 ow=3", 0, 280),
  ]

  /// Two passes of 2r + 1 taps, which read and write every pixel.
  private static let filter = [
    Row("op=filter n=1 h=1 w=1 r=1", 12, 16), Row("op=filter n=1 h=4 w=4 r=1", 192, 256),
    Row("op=filter n=1 h=4 w=4 r=2", 320, 256), Row("op=filter n=3 h=4 w=4 r=2", 960, 768),
    Row("op=filter n=1 h=10 w=7 r=3", 1960, 1120),
  ]

  private static let reductions: [Row] = [(1, 1, 1), (2, 3, 4), (1, 1000, 1), (5, 1, 7), (16, 16, 16)].flatMap {
    outer, reduced, inner in
    let (all, kept) = (outer * reduced * inner, outer * inner)
    return [
      Row("op=reduce outer=\(outer) reduced=\(reduced) inner=\(inner) f=sum", all, 4 * (all + kept)),
      Row("op=position outer=\(outer) reduced=\(reduced) inner=\(inner)", 0, 4 * (all + kept)),
    ]
  }

  private static let indexing = [
    Row("op=gatherRows rows=1 width=1 count=1", 0, 8), Row("op=gatherRows rows=9 width=2 count=3", 0, 48),
    Row("op=gatherRows rows=2 width=5 count=7", 0, 280), Row("op=gatherRows rows=100 width=1 count=10", 0, 80),
    Row("op=gatherRows rows=3 width=64 count=3", 0, 1536), Row("op=copy rows=1 columns=1", 0, 8),
    Row("op=copy rows=2 columns=3", 0, 48), Row("op=copy rows=5 columns=7 so=2 ss=9", 0, 280),
    Row("op=copy rows=1 columns=1000", 0, 8000), Row("op=copy rows=64 columns=64", 0, 32_768),
    Row("op=permute order=10 e0=1 e1=1", 0, 8), Row("op=permute order=10 e0=2 e1=3", 0, 48),
    Row("op=permute order=021 e0=2 e1=3 e2=4", 0, 192), Row("op=permute order=210 e0=5 e1=5 e2=5", 0, 1000),
    Row("op=permute order=10 e0=100 e1=10", 0, 8000),
  ]

  private static let neighbours = [
    Row("op=nearest queries=1 rows=1 width=1", 2, 8), Row("op=nearest queries=2 rows=3 width=4", 48, 80),
    Row("op=nearest queries=10 rows=20 width=30", 12_000, 3600),
    Row("op=nearest queries=2 rows=30 width=4 count=3", 480, 512),
    Row("op=nearest queries=64 rows=64 width=64", 524_288, 32_768), Row("op=coreset rows=1 width=1 picks=1", 3, 4),
    Row("op=coreset rows=10 width=4 picks=2", 240, 160), Row("op=coreset rows=100 width=16 picks=5", 24_000, 6400),
    Row("op=coreset rows=40 width=17 picks=9 first=5", 18_360, 2720), Row("op=coreset rows=7 width=3 picks=7", 441, 84),
  ]

  static let rows =
    elementwise + multiply + convolve + attend + softmax + pool + resample + filter + reductions + indexing + neighbours
    + GradientCosts.rows

  @Test(arguments: rows) func costIsTheOneWorkedOut(row: Row) throws {
    let made = try OpCatalogue.makeCase(parsing: row.text).case
    #expect(made.floatingPointOperations == row.flops)
    #expect(made.bytesMoved == row.bytes)
    #expect(made.exponentials == row.exps)
  }

  @Test func everyOperationHasFiveRows() throws {
    let names = try Self.rows.map { try OpCatalogue.makeCase(parsing: $0.text).case.operation }
    for operation in OpCatalogue.operations {
      #expect(names.count { $0 == operation.name } >= 5, "\(operation.name)")
    }
  }
}
