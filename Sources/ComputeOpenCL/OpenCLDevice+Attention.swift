public import Compute

extension OpenCLDevice {
  public func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage
  ) throws {
    try p.check(q, k, v, y, logSums, on: self)
    let valuePanels = (p.width + tiling.panel - 1) / tiling.panel
    let keys = try packed(k, p, columns: p.keys, depth: p.width, isValue: false)
    let values = try packed(v, p, columns: p.width, depth: p.keys, isValue: true)
    let groups = p.batch * p.heads
    guard tiling.shape == .cpu else {
      return try launch(
        "attention_forward", size: [(p.queries + 63) / 64 * 64, valuePanels, groups], group: [tiling.group, 1, 1], q,
        keys, values, y, logSums, p.heads, p.queries, p.keys, p.width, valuePanels, p.isCausal, p.scale)
    }
    let rows = tiling.registerRows
    try launch(
      "attention_forward", size: [(p.queries + rows - 1) / rows, groups], group: [1, 1], q, keys, values, y, logSums,
      p.heads, p.queries, p.keys, p.width, valuePanels, p.isCausal, p.scale,
      LocalFloats(count: rows * tiling.attentionKeys), LocalFloats(count: rows * valuePanels * tiling.panel))
  }

  public func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage
  ) throws {
    try p.check(scores, gradients, logSums, products, on: self)
    let (size, group) = wideItems(p.keys, p.groups * p.queries)
    try launch(
      "attention_score_gradients", size: size, group: group, scores, gradients, logSums, products, p.count, p.queries,
      p.keys,
      p.isCausal, p.scale)
    scores.forgetLayouts()
    gradients.forgetLayouts()
  }

  /// Keys, or columns of values, side by side in panels, for each head.
  private func packed(
    _ x: Storage, _ p: AttentionProblem, columns: Int, depth: Int, isValue: Bool
  ) throws -> Storage {
    let places = (columns + tiling.panel - 1) / tiling.panel * tiling.panel
    let groups = p.batch * p.heads
    let packed = try Storage(count: Shape.checkedCount([groups, places, depth], operation: "attend"), on: self)
    try launch(
      "attention_pack", size: [places, groups], group: [min(tiling.panel, tiling.group), 1], x, packed, p.heads, p.keys,
      p.width, isValue)
    return packed
  }
}
