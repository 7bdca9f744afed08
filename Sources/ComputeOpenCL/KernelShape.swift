import Compute

/// Which body of a kernel is compiled: hot kernels have two in one file.
public enum KernelShape: String, CaseIterable, Sendable {
  /// One work-item is one task with explicit vectors of the device's native width; work-groups of one item.
  case cpu
  /// Work-groups of many narrow items that share tiles through local memory.
  case gpu

  /// The one that suits a kind of device.
  static func standard(for kind: DeviceTraits.Kind) -> KernelShape { kind == .cpu ? .cpu : .gpu }
}

/// Sizes that the host and the kernels agree on, by shape.
struct Tiling: Sendable {
  let shape: KernelShape
  /// Floats of a vector in the CPU shape: 4, 8 or 16.
  let vectorWidth: Int
  /// Sizes in place of those below.
  let choice: TilingChoice

  /// Items of a work-group of the GPU shape, and at most so many of a reduction, whose tree has this many leaves
  /// (GROUP in the kernels): a power of two.
  let group: Int

  /// - Throws: ``DeviceError/unavailable(requested:reason:)`` when the device's work-groups are too small for the shape.
  init(
    shape: KernelShape, nativeVectorWidth: Int, limits: LaunchLimits, choice: TilingChoice = TilingChoice()
  ) throws(DeviceError) {
    self.shape = shape
    self.choice = choice
    let largest = min(limits.group, limits.groupExtents.first ?? 1, Self.itemsPerTile)
    group = largest > 1 ? 1 << (Int.bitWidth - 1 - largest.leadingZeroBitCount) : 1
    guard shape == .cpu || group == Self.itemsPerTile else {
      throw .unavailable(
        requested: "opencl",
        reason: "its work-groups hold at most \(largest) items and the GPU kernels need \(Self.itemsPerTile)")
    }
    // Wider than native spills registers; below 4 there is no vector type worth having.
    vectorWidth = choice[.vectorWidth] ?? (nativeVectorWidth >= 16 ? 16 : nativeVectorWidth >= 8 ? 8 : 4)
  }

  /// Pixels that a work-item of the CPU shape holds in registers (TILE in the kernels).
  var tile: Int { choice[.tile] ?? 6 }
  /// Winograd tiles, or queries of attention, that a work-item of the CPU shape holds in registers (ROWS in the kernels):
  /// with 16 registers 6 rows of 2 vectors, with the 32 of AVX-512 eight, which pictures with sides of 2ⁿ fill up.
  var registerRows: Int { choice[.registerRows] ?? (vectorWidth == 16 ? 8 : 6) }
  /// Tiles that one work-item of the CPU shape visits with one panel (BLOCK in the kernels).
  var block: Int { choice[.block] ?? 8 }
  /// Keys whose scores a work-item of attention's CPU shape keeps (KEYS in the kernels).
  var attentionKeys: Int { choice[.attentionKeys] ?? 128 }
  /// Depths that the GPU shape's tiles bring to local memory at once (STEP_DEPTH in the kernels), and how many of them a turn
  /// of the inner loop takes (STEP_UNROLL).
  var depthStep: Int { choice[.depthStep] ?? 16 }
  var depthUnroll: Int { choice[.depthUnroll] ?? 4 }
  /// Outputs of a row that the depthwise CPU shape holds in registers (SIDE_BY_SIDE in the kernels).
  static let outputsSideBySide = 8
  /// Elements that a work-item of an element-wise CPU shape takes (ELEMENTS in the kernels): 16 KiB an operand.
  let elements = 4096
  /// Items that share a tile of 64 by 64 in the GPU shape, 8 by 8 results each.
  private static let itemsPerTile = 64

  /// Columns of a packed panel (PANEL in the kernels).
  var panel: Int { shape == .cpu ? 2 * vectorWidth : 64 }
  /// Queries that a work-item of the CPU shape holds in registers, by how many registers there are (QUERY_TILE in the
  /// kernels), and tiles of them that it visits with the same part of the bank (QUERY_TILES).
  var queryTile: Int { choice[.queryTile] ?? (vectorWidth == 16 ? 8 : 6) }
  var queryTiles: Int { choice[.queryTiles] ?? 16 }
  /// Queries that one work-item (CPU shape) or work-group (GPU shape) searches for.
  var queriesPerTask: Int { shape == .cpu ? queryTile * queryTiles : 64 }
  /// Pixels that one work-item (CPU shape) or work-group (GPU shape) computes.
  var rowsPerTask: Int { shape == .cpu ? tile * block : 64 }

  func value(of parameter: TilingChoice.Parameter) -> Int {
    switch parameter {
    case .vectorWidth: vectorWidth
    case .tile: tile
    case .block: block
    case .registerRows: registerRows
    case .attentionKeys: attentionKeys
    case .queryTile: queryTile
    case .queryTiles: queryTiles
    case .depthStep: depthStep
    case .depthUnroll: depthUnroll
    }
  }

  var options: String {
    "-cl-std=CL1.2 -DSHAPE_CPU=\(shape == .cpu ? 1 : 0) -DVW=\(vectorWidth) -DTILE=\(tile) -DBLOCK=\(block) "
      + "-DROWS=\(registerRows) -DKEYS=\(attentionKeys) -DGROUP=\(group) -DQUERY_TILE=\(queryTile) "
      + "-DQUERY_TILES=\(queryTiles) -DSIDE_BY_SIDE=\(Self.outputsSideBySide) -DSTEP_DEPTH=\(depthStep) "
      + "-DSTEP_UNROLL=\(depthUnroll)" + (shape == .cpu ? " -DELEMENTS=\(elements)" : "")
  }
}
