public import Checkpoints

extension KnownWeights {
  /// What a file of tensors is, by their names and shapes alone: a file of LPIPS' whole module is VGG16 and heads.
  public static func recognised(_ file: any TensorFile) -> [KnownWeights] {
    let backbones = BackboneKind.allCases.filter { (try? $0.check(file)) != nil }.map(\.weights)
    let heads = (try? LPIPS.check(file)) == nil ? [] : [KnownWeights.lpipsHeads]
    return backbones + heads
  }
}
