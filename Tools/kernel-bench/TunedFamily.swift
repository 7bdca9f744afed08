import ComputeOpenCL
import OpCatalogue

/// Kernels that are tuned together: what may be chosen, and what is timed.
struct TunedFamily {
  let name: String
  /// The files of kernels that the choice is for.
  let files: [String]
  let shape: KernelShape
  /// By expected merit, as ``TilingChoice`` reads them: where the time runs out, the last ones are not tried.
  let candidates: [String]
  /// As the catalogue reads them, at sizes of real layers.
  let timed: [String]

  var operations: Set<String> {
    Set(timed.compactMap { text in text.split(separator: " ").first.map { String($0.dropFirst("op=".count)) } })
  }

  private static let products = [
    "op=multiply m=512 n=512 k=512",
    "op=convolve h=32 w=32 c=128 o=128 k=3 s=2 p=1 algorithm=direct bias=1 act=relu",
    "op=convolve h=64 w=64 c=64 o=256 k=1 bias=1",
  ]

  /// The GPU shape's products are of 64 by 64 on 64 items; what goes through local memory at once, and how far the inner loop
  /// is unrolled, suits one device or another.
  static let all = [
    TunedFamily(
      name: "convolution", files: ["convolution"], shape: .gpu,
      candidates: [
        "STEP_DEPTH=8", "STEP_DEPTH=32", "STEP_UNROLL=8", "STEP_DEPTH=8 STEP_UNROLL=8", "STEP_UNROLL=2",
        "STEP_DEPTH=32 STEP_UNROLL=8", "STEP_UNROLL=16", "STEP_UNROLL=1", "STEP_DEPTH=4", "STEP_DEPTH=64",
      ],
      timed: products),
    TunedFamily(
      name: "convolution", files: ["convolution"], shape: .cpu,
      candidates: [
        "TILE=8 BLOCK=8", "TILE=12 BLOCK=4", "TILE=12 BLOCK=8", "TILE=4 BLOCK=8", "TILE=6 BLOCK=4", "TILE=6 BLOCK=16",
        "TILE=10 BLOCK=8", "TILE=14 BLOCK=4",
      ],
      timed: products),
    TunedFamily(
      name: "neighbours", files: ["neighbours"], shape: .cpu,
      candidates: [
        "QUERY_TILE=8 QUERY_TILES=8", "QUERY_TILE=6 QUERY_TILES=16", "QUERY_TILE=12 QUERY_TILES=8",
        "QUERY_TILE=8 QUERY_TILES=32", "QUERY_TILE=4 QUERY_TILES=16", "QUERY_TILE=10 QUERY_TILES=12",
      ],
      timed: ["op=nearest queries=1024 rows=4096 width=384"]),
    TunedFamily(
      name: "winograd, attention", files: ["winograd", "attention"], shape: .cpu,
      candidates: ["ROWS=8", "ROWS=6", "ROWS=12", "ROWS=10", "ROWS=4"],
      timed: [
        "op=convolve n=1 h=32 w=32 c=128 o=128 k=3 p=1 algorithm=automatic bias=1 act=relu",
        "op=attend heads=4 queries=512 keys=512 width=64",
      ]),
    TunedFamily(
      name: "attention", files: ["attention"], shape: .cpu, candidates: ["KEYS=256", "KEYS=64", "KEYS=512"],
      timed: ["op=attend heads=4 queries=512 keys=512 width=64"]),
  ]
}
