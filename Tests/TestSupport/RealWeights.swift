import Checkpoints

/// Weights that the set-up fetches; tests that need them skip visibly where they are missing.
public enum RealWeights {
  /// The path of EfficientNet-Lite0's weights, or nil.
  public static let efficientNetLite0 = try? WeightsCache.standard.locate(.efficientNetLite0)
  public static let areThere = efficientNetLite0 != nil
  public static let reason = "the EfficientNet-Lite0 weights are not in the cache: run Tools/demo once"
  /// What ConSE is made of.
  public static let conseIsThere =
    areThere && [KnownWeights.miniLM, .miniLMVocabulary].allSatisfy { (try? WeightsCache.standard.locate($0)) != nil }
  public static let conseReason =
    "the weights of EfficientNet-Lite0 or all-MiniLM-L6-v2 are not in the cache: run Tools/demo once"
  /// The path of the LPIPS package's heads, or nil.
  public static let lpipsHeads = try? WeightsCache.standard.locate(.lpipsHeads)
  public static let lpipsReason = "the LPIPS heads are not in the cache: run Tools/demo once"
  /// The paths of CLIP's and MiniLM's vocabularies, as far as they are there.
  public static let vocabularies = [KnownWeights.clipVocabulary, .miniLMVocabulary].compactMap {
    try? WeightsCache.standard.locate($0)
  }
  public static let vocabulariesReason = "the vocabularies of CLIP and MiniLM are not in the cache: run Tools/demo once"
}
