import OpCatalogue
import Variants

/// What is timed unless `--shapes` says otherwise: sizes of real layers and searches.
enum BenchmarkShapes {
  /// Parameters by operation.
  static let table: [(operation: String, parameters: [String])] = [
    (
      "multiply",
      [
        "m=512 n=512 k=512", "m=1024 n=1024 k=1024", "m=2048 n=2048 k=2048", "m=1024 n=1024 k=1024 tb=1",
        "m=1 n=1000 k=1280", "b=8 m=1024 n=64 k=64",
      ]
    ),
    (
      "convolve",
      // ResNet's 3x3 layers at 256 x 256, at batch 1 and 8.
      ["1", "8"].flatMap { batch in
        [
          "n=\(batch) h=64 w=64 c=64 o=64 k=3 p=1 algorithm=automatic",
          "n=\(batch) h=32 w=32 c=128 o=128 k=3 p=1 algorithm=automatic",
          "n=\(batch) h=16 w=16 c=256 o=256 k=3 p=1 algorithm=automatic",
          "n=\(batch) h=8 w=8 c=512 o=512 k=3 p=1 algorithm=automatic",
        ].map { $0 + " bias=1 act=relu" }
      } + [
        "h=64 w=64 c=64 o=256 k=1 bias=1", "h=16 w=16 c=1024 o=256 k=1 bias=1 act=relu",
        "h=64 w=64 c=64 o=128 k=3 s=2 p=1 bias=1 act=relu", "h=64 w=64 c=64 o=128 k=1 s=2 bias=1",
        "h=256 w=256 c=3 o=64 k=7 s=2 p=3 bias=1 act=relu", "h=256 w=256 c=3 o=32 k=3 s=2 pb=1 pr=1 bias=1 act=relu6",
        "h=64 w=64 c=144 o=144 k=3 p=1 g=144 bias=1 act=relu6", "h=32 w=32 c=240 o=240 k=5 p=2 g=240 bias=1 act=relu6",
        "h=64 w=64 c=144 o=144 k=5 s=2 p=2 g=144 bias=1 act=relu6",
      ]
    ),
    (
      "convolveBackwardData",
      [
        "n=8 h=64 w=64 c=64 o=64 k=3 p=1 algorithm=automatic", "n=8 h=16 w=16 c=256 o=256 k=3 p=1 algorithm=automatic",
        "n=8 h=64 w=64 c=64 o=128 k=3 s=2 p=1", "n=8 h=64 w=64 c=64 o=256 k=1",
        "n=8 h=32 w=32 c=240 o=240 k=5 p=2 g=240",
      ]
    ),
    (
      "convolveBackwardWeights",
      [
        "n=8 h=64 w=64 c=64 o=64 k=3 p=1", "n=8 h=16 w=16 c=256 o=256 k=3 p=1", "n=8 h=8 w=8 c=512 o=512 k=3 p=1",
        "n=8 h=64 w=64 c=64 o=128 k=3 s=2 p=1", "n=8 h=64 w=64 c=64 o=256 k=1",
        "n=8 h=32 w=32 c=240 o=240 k=5 p=2 g=240",
      ]
    ),
    ("attendBackward", ["heads=8 queries=1024 keys=1024 width=64"]),
    (
      "normalize",
      [
        "n=4096 positions=1 c=512 g=1 affine=1", "n=8 positions=4096 c=128 g=32 affine=1",
        "n=1 positions=32768 c=128 g=128 affine=1",
      ]
    ),
    ("applyNormalization", ["n=1 positions=32768 c=128 g=128 affine=1"]),
    (
      "normalizeBackward",
      [
        "n=4096 positions=1 c=512 g=1 affine=1", "n=8 positions=4096 c=128 g=32 affine=1",
        "n=1 positions=32768 c=128 g=128 affine=1",
      ]
    ),
    ("softmaxBackward", ["rows=4096 columns=1024"]),
    ("poolBackward", ["kind=max n=8 h=128 w=128 c=64 k=3 s=2 p=1"]),
    ("resampleBackward", ["mode=bilinearHalfPixel n=1 h=16 w=16 c=112 oh=32 ow=32"]),
    ("activateBackward", ["n=1048576 act=relu", "n=1048576 act=silu", "n=1048576 act=gelu"]),
    ("fillRandom", ["n=1048576 kind=normal seed=1"]),
    ("adam", ["n=1048576 step=1", "n=16777216 step=1"]),
    ("descend", ["n=1048576 momentum=1"]),
    ("blend", ["n=1048576"]),
    ("accumulateRows", ["rows=1024 width=256 count=8192"]),
    ("attend", ["heads=8 queries=1024 keys=1024 width=64", "heads=8 queries=77 keys=77 width=64 causal=1"]),
    ("softmax", ["rows=4096 columns=1024", "rows=8192 columns=64"]),
    (
      "nearest",
      ["queries=1024 rows=16384 width=384", "queries=1024 rows=16384 width=384 count=9"]
    ),
    ("coreset", ["rows=16384 width=384 picks=64"]),
    ("pool", ["kind=max n=1 h=128 w=128 c=64 k=3 s=2 p=1", "kind=mean n=1 h=32 w=32 c=136 k=3 s=1 p=1"]),
    (
      "resample",
      [
        "mode=bilinearHalfPixel n=1 h=16 w=16 c=112 oh=32 ow=32",
        "mode=bilinearHalfPixel n=1 h=32 w=32 c=1 oh=256 ow=256",
      ]
    ),
    ("filter", ["n=1 h=256 w=256 r=16"]),
    ("reduce", ["outer=1 reduced=4194304 inner=1 f=sum", "outer=4096 reduced=1024 inner=1 f=sum"]),
    ("combine", ["n=1048576 f=add", "n=16777216 f=add"]),
    ("activate", ["n=1048576 act=relu", "n=1048576 act=gelu"]),
    ("affine", ["n=1048576"]),
    ("permute", ["order=021 e0=8 e1=1024 e2=384"]),
  ]

  /// - shapes: a list or file in the table's place
  /// - Throws: an error of the catalogue where a shape does not fit an operation.
  /// - axes: combinations that are set in each shape, or stand alone
  static func cases(_ operations: [Op], shapes: String?, axes: String? = nil) throws -> [OpCase] {
    if shapes != nil || axes != nil {
      let combinations = try axes.map(Parameters.product) ?? [Parameters()]
      let parameters = try (shapes.map(Parameters.list) ?? [Parameters()]).flatMap { shape in
        combinations.map { axis in axis.items.reduce(shape) { $0.with($1.name, $1.value) } }
      }
      return try operations.flatMap { operation in try parameters.map { try operation.makeCase($0) } }
    }
    return try operations.flatMap { operation in
      try table.filter { $0.operation == operation.name }.flatMap(\.parameters).map {
        try operation.makeCase(Parameters(parsing: $0))
      }
    }
  }
}
