import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

/// Which files of kernels differ between two folders, and which operations run them.
struct KernelChanges: Equatable {
  /// Without ".cl", sorted.
  let files: [String]

  /// The operations that launch a file's kernels. Those for roofs and probes serve none, and sequences, which join launches of
  /// other files, are timed by `step`.
  static let operations: [String: Set<String>] = [
    "attention": ["attend", "attendBackward"], "convolution": ["convolve", "multiply"], "coreset": ["coreset"],
    "depthwise": ["convolve"],
    "elementwise": ["fill", "map", "combine", "combineRows", "affine", "clamp", "activate", "activateBackward"],
    "filtering": ["filter"], "gradients": ["convolveBackwardData", "convolveBackwardWeights"],
    "indexing": ["gatherRows", "accumulateRows", "copy", "permute"], "neighbours": ["nearest"],
    "normalization": ["normalize", "applyNormalization", "normalizeBackward"],
    "optimizer": ["adam", "descend", "blend"],
    "pooling": ["pool", "poolBackward"],
    "probe": [], "random": ["fillRandom", "sample", "sampleBackward"], "reduction": ["reduce", "position"],
    "resampling": ["resample", "resampleBackward"], "roof": [], "sequence": [],
    "softmax": ["softmax", "softmaxBackward"],
    "winograd": ["convolve"],
  ]

  /// - Throws: ``Failure`` where a folder has no kernels.
  init(from base: String, to head: String) throws {
    let (before, after) = (try Self.texts(base), try Self.texts(head))
    files = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
  }

  private static func texts(_ folder: String) throws -> [String: String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let kernels = names.filter { $0.hasSuffix(".cl") }
    guard kernels.contains("prelude.cl") else { throw Failure("There is no prelude.cl in '\(folder)'.") }
    return try Dictionary(
      uniqueKeysWithValues: kernels.map { name in
        (String(name.dropLast(3)), try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8))
      })
  }

  /// The operations that may have changed: all of them where the prelude has, or a file that nobody knows.
  func affected(_ operations: [Op]) -> [Op] {
    let all = files.contains { Self.operations[$0] == nil }
    let names = files.reduce(into: Set<String>()) { $0.formUnion(Self.operations[$1] ?? []) }
    return operations.filter { all || names.contains($0.name) }
  }
}
