import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// What is counted: every kernel that matters, at sizes that fill its tiles and are small enough for a simulator.
enum CountedCases {
  private static let table: [(operation: String, parameters: [String])] = [
    ("multiply", ["m=96 n=96 k=64"]),
    (
      "convolve",
      [
        "h=12 w=12 c=32 o=64 k=3 p=1 algorithm=direct bias=1 act=relu",
        "h=12 w=12 c=32 o=64 k=3 p=1 algorithm=winograd2", "h=16 w=16 c=32 o=64 k=3 p=1 algorithm=winograd4",
        "h=16 w=16 c=64 o=64 k=3 p=1 g=64 bias=1 act=relu6", "h=8 w=8 c=16 o=16 k=3 p=1 g=4",
      ]
    ),
    ("convolveBackwardData", ["h=13 w=12 c=16 o=32 k=3 s=2 p=1"]),
    (
      "convolveBackwardWeights",
      [
        "h=12 w=12 c=16 o=64 k=3 p=1", "h=16 w=16 c=64 o=64 k=3 p=1 g=64", "h=8 w=8 c=16 o=16 k=3 p=1 g=4",
        "h=12 w=12 c=32 o=64 k=3 p=1 algorithm=winograd2", "h=16 w=16 c=32 o=64 k=3 p=1 algorithm=winograd4",
      ]
    ),
    ("normalize", ["n=64 positions=1 c=256 g=1 affine=1", "n=2 positions=256 c=64 g=8 affine=1"]),
    ("normalizeBackward", ["n=64 positions=1 c=256 g=1 affine=1", "n=2 positions=256 c=64 g=8 affine=1"]),
    ("softmaxBackward", ["rows=64 columns=256"]),
    (
      "poolBackward",
      ["kind=max n=1 h=32 w=32 c=32 k=3 s=2 p=1", "kind=mean n=1 h=32 w=32 c=32 k=3 s=2 p=1"]
    ),
    ("resampleBackward", ["mode=bilinearHalfPixel n=1 h=16 w=16 c=16 oh=32 ow=32"]),
    ("fillRandom", ["n=16384 kind=normal seed=1"]),
    ("adam", ["n=16384 step=1"]),
    ("accumulateRows", ["rows=32 width=64 count=256"]),
    ("attendBackward", ["heads=2 queries=32 keys=64 width=32"]),
    ("attend", ["heads=2 queries=32 keys=256 width=32"]),
    ("softmax", ["rows=64 columns=256"]),
    ("nearest", ["queries=128 rows=512 width=64"]),
    ("coreset", ["rows=1024 width=64 picks=4"]),
    ("pool", ["kind=max n=1 h=32 w=32 c=32 k=3 s=2 p=1"]),
    ("resample", ["mode=bilinearHalfPixel n=1 h=16 w=16 c=16 oh=32 ow=32"]),
    ("filter", ["n=1 h=64 w=64 r=8"]),
    ("reduce", ["outer=64 reduced=1024 inner=1 f=sum", "outer=4 reduced=256 inner=64 f=mean"]),
    ("position", ["outer=64 reduced=256 inner=1"]),
    ("combine", ["n=65536 f=add"]),
    ("activate", ["n=65536 act=gelu"]),
    ("permute", ["order=021 e0=4 e1=128 e2=64", "order=1023 e0=4 e1=8 e2=16 e3=32"]),
  ]

  /// As the texts that a child reads.
  static func texts(_ operations: [Op]) throws -> [String] {
    let names = Set(operations.map(\.name))
    return try table.filter { names.contains($0.operation) }.flatMap { row in
      try row.parameters.map { parameters in
        try OpCatalogue.operation(row.operation).makeCase(Parameters(parsing: parameters)).text(.normal)
      }
    }
  }
}
