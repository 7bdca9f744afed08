import OpCatalogue

/// The problems that models of the GPU shape are checked with, small enough for a simulator: of each hot kernel one that
/// fills its tiles and one with edges.
enum ModelCases {
  /// Kernels of roofs and probes belong to no operation of the catalogue.
  static let roofs = "op=roof"
  static let probes = "op=probe"

  /// Its two are beyond what a simulator has memory for.
  static let unchecked: Set = ["probe_far", "probe_far_back"]

  private static let table: [(operation: String, parameters: [String])] = [
    ("multiply", ["m=64 n=128 k=32", "m=70 n=65 k=19 accumulate=1", "b=2 m=9 n=5 k=16 ta=1"]),
    (
      "convolve",
      [
        "h=8 w=8 c=16 o=64 k=3 p=1", "h=9 w=11 c=5 o=67 k=3 s=2 p=1 bias=1 residual=1 act=relu6",
        "h=8 w=8 c=16 o=64 k=3 p=1 algorithm=winograd2",
        "h=7 w=9 c=16 o=19 k=3 p=1 algorithm=winograd2 bias=1 act=relu",
        "h=16 w=16 c=16 o=64 k=3 p=1 algorithm=winograd4",
        "h=13 w=11 c=16 o=19 k=3 p=1 algorithm=winograd4 bias=1 act=relu",
        "h=16 w=16 c=16 o=16 k=3 p=1 g=16 bias=1 act=relu6", "h=11 w=13 c=17 o=17 k=5 s=2 p=2 g=17 residual=1",
        "h=8 w=8 c=16 o=16 k=3 p=1 g=4", "n=2 h=7 w=5 c=6 o=9 k=3 s=2 p=1 g=3 bias=1",
      ]
    ),
    (
      "convolveBackwardData",
      ["h=8 w=8 c=16 o=16 k=3 p=1", "h=9 w=7 c=6 o=10 k=3 s=2 p=1", "h=9 w=7 c=6 o=10 k=3 s=2 p=1 accumulate=1"]
    ),
    (
      "convolveBackwardWeights",
      [
        "h=8 w=8 c=64 o=64 k=1", "n=2 h=9 w=7 c=5 o=67 k=3 s=2 p=1", "h=16 w=16 c=16 o=16 k=3 p=1 g=16",
        "n=2 h=9 w=7 c=6 o=9 k=3 s=2 p=1 g=3",
      ]
    ),
    (
      "normalize",
      [
        "n=8 positions=1 c=256 g=1 affine=1", "n=5 positions=1 c=99 g=3 affine=0", "n=2 positions=64 c=64 g=8 affine=1",
        "n=3 positions=33 c=35 g=5 affine=0",
      ]
    ),
    (
      "normalizeBackward",
      [
        "n=8 positions=1 c=256 g=1 affine=1", "n=5 positions=1 c=99 g=3 affine=0", "n=2 positions=64 c=64 g=8 affine=1",
        "n=3 positions=33 c=35 g=5 affine=0",
      ]
    ),
    ("softmax", ["rows=8 columns=256", "rows=7 columns=99 log=1"]),
    ("softmaxBackward", ["rows=8 columns=256", "rows=7 columns=99 log=1"]),
    (
      "pool",
      ["kind=max n=1 h=16 w=16 c=16 k=2", "kind=max n=2 h=9 w=13 c=17 k=3 s=2 p=1", "kind=mean h=9 w=7 c=5 k=3 p=1"]
    ),
    (
      "poolBackward",
      ["kind=max n=1 h=16 w=16 c=16 k=2", "kind=max n=2 h=9 w=13 c=17 k=3 s=2 p=1", "kind=mean h=9 w=7 c=5 k=3 p=1"]
    ),
    (
      "resample",
      [
        "mode=bilinearHalfPixel h=16 w=16 c=16 oh=32 ow=32", "mode=bilinearAlignCorners n=2 h=9 w=7 c=5 oh=13 ow=5",
        "mode=nearest h=8 w=8 c=16 oh=16 ow=16",
      ]
    ),
    (
      "resampleBackward",
      ["mode=bilinearHalfPixel h=16 w=16 c=16 oh=32 ow=32", "mode=bilinearHalfPixel n=2 h=24 w=17 c=5 oh=47 ow=36"]
    ),
    ("filter", ["n=1 h=32 w=32 r=8", "n=2 h=9 w=13 r=3"]),
    (
      "reduce",
      [
        "outer=16 reduced=1024 inner=1 f=sum", "outer=7 reduced=99 inner=1 f=maximum",
        "outer=4 reduced=256 inner=64 f=mean", "outer=3 reduced=70 inner=5 f=minimum",
        "outer=3 reduced=65 inner=5 f=sumOfSquares", "outer=1 reduced=2100 inner=64 f=sum",
      ]
    ),
    ("position", ["outer=64 reduced=256 inner=1", "outer=3 reduced=70 inner=5"]),
    ("fillRandom", ["n=4096 kind=normal seed=1", "n=997 kind=uniform seed=1"]),
    ("sample", ["n=4096 seed=1", "n=997 seed=1"]),
    ("sampleBackward", ["n=4096", "n=997"]),
    ("adam", ["n=4096 step=1", "n=997 step=2"]),
    ("descend", ["n=4096 momentum=1", "n=997 momentum=1"]),
    ("blend", ["n=4096", "n=997"]),
    (
      "attend",
      [
        "heads=1 queries=64 keys=128 width=64", "heads=2 queries=70 keys=67 width=19",
        "heads=1 queries=130 keys=140 width=16 causal=1",
      ]
    ),
    ("attendBackward", ["heads=1 queries=32 keys=64 width=32", "heads=2 queries=35 keys=35 width=16 causal=1"]),
    ("nearest", ["queries=64 rows=1024 width=64", "queries=70 rows=500 width=35 count=3"]),
    ("coreset", ["rows=512 width=64 picks=3", "rows=333 width=35 picks=3"]),
    ("gatherRows", ["rows=32 width=64 count=100"]),
    ("accumulateRows", ["rows=32 width=64 count=100", "rows=5 width=19 count=33"]),
    ("copy", ["rows=16 columns=16 ss=31"]),
    ("permute", ["order=021 e0=4 e1=32 e2=16"]),
    ("fill", ["n=1000"]),
    ("combineRows", ["rows=10 columns=33 f=multiply"]),
    ("affine", ["n=1000"]),
    ("clamp", ["n=1000"]),
    ("activate", ["n=1000 act=relu6", "n=1000 act=gelu"]),
    ("activateBackward", ["n=1000 act=relu", "n=1000 act=gelu"]),
    ("map", ["n=1000 f=exponential", "n=1000 f=reciprocal"]),
    ("combine", ["n=1000 f=add", "n=1000 f=divide"]),
  ]

  /// As the texts that a child reads.
  static func texts(_ operations: [Op]) throws -> [String] {
    let names = Set(operations.map(\.name))
    let listed = try table.filter { names.contains($0.operation) }.flatMap { row in
      try row.parameters.map { parameters in
        try OpCatalogue.operation(row.operation).makeCase(Parameters(parsing: parameters)).text(.normal)
      }
    }
    return operations.count == OpCatalogue.operations.count ? listed + [roofs, probes] : listed
  }
}
