package import Compute

/// What the device can do, through the kernels of `roof.cl`.
extension OpenCLDevice: RoofKernels {
  /// CPU shape: eight tasks a core. GPU shape: 32 work-groups a core hide the latency of arithmetic.
  private var roofItems: Int {
    tiling.shape == .cpu ? 8 * traits.computeUnits : 32 * tiling.group * max(traits.computeUnits, 1)
  }

  /// Floats of an item's vector, and its chains (LANES and CHAINS in the kernels).
  private var roofLanes: Int { tiling.shape == .cpu ? tiling.vectorWidth : 4 }
  private var roofChains: Int { tiling.shape == .cpu ? 12 : 4 }
  private var roofGroup: Int { tiling.shape == .cpu ? 1 : tiling.group }

  package var roofScratchCount: Int { roofItems * roofLanes }

  package func roofMultiplyAdd(rounds: Int, _ scratch: Storage) throws -> Int {
    // A GPU has many more items, and each does less.
    let rounds = tiling.shape == .cpu ? rounds / 2 : max(rounds / 32, 1)
    try launch(
      "roof_multiply", size: [roofItems], group: [roofGroup], scratch, roofItems, rounds, Float(0.5), Float(0.25))
    return 2 * roofItems * roofLanes * roofChains * rounds
  }

  package func roofExponential(rounds: Int, _ scratch: Storage) throws -> Int {
    let rounds = tiling.shape == .cpu ? rounds / 4 : max(rounds / 32, 1)
    try launch("roof_exponential", size: [roofItems], group: [roofGroup], scratch, roofItems, rounds, Float(-0.5))
    return roofItems * roofLanes * 4 * rounds
  }

  package func roofCopy(_ x: Storage, into y: Storage) throws {
    let items = x.count / (tiling.shape == .cpu ? roofStrip : 4)
    try launch("roof_copy", size: [items], group: [roofGroup], x, y, x.count)
  }

  package func roofRead(_ x: Storage, into scratch: Storage) throws {
    let items = x.count / (tiling.shape == .cpu ? roofStrip : 64)
    try launch("roof_read", size: [items], group: [roofGroup], x, scratch, x.count, roofItems)
  }

  package func roofEmpty(_ scratch: Storage) throws {
    try launch("roof_empty", size: [roofItems], group: [roofGroup], scratch, roofItems)
  }
}
