import CLoops
public import Compute

extension CPUDevice {
  public func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage
  ) throws {
    try p.check(q, k, v, y, logSums, on: self)
    let groups = p.batch * p.heads
    let head = fl_attention(
      queries: p.queries, keys: p.keys, width: p.width, step: p.heads * p.width, is_causal: p.isCausal ? 1 : 0,
      scale: p.scale)
    let (keyPanels, valuePanels) = (Self.panels(p.keys), Self.panels(p.width))
    let size = loops.pointee.panel_width()
    let keys = try Storage(
      count: Shape.checkedCount([groups, keyPanels, p.width, size], operation: "attend"), on: self)
    let values = try Storage(
      count: Shape.checkedCount([groups, valuePanels, p.keys, size], operation: "attend"), on: self)
    /// Where a head begins in arrays of so many rows.
    func start(_ group: Int, _ rows: Int) -> Int { (group / p.heads * rows * p.heads + group % p.heads) * p.width }
    let rows = loops.pointee.tile_rows()
    let blocks = (p.queries + rows - 1) / rows
    withUnsafePointer(to: head) { head in
      parallel(groups * (keyPanels + valuePanels)) { task in
        let (group, panel) = (task / (keyPanels + valuePanels), task % (keyPanels + valuePanels))
        let isValue = panel >= keyPanels
        loops.pointee.attention_pack(
          head, (isValue ? v : k).pointer + start(group, p.keys), isValue ? 1 : 0,
          isValue ? panel - keyPanels : panel,
          isValue
            ? values.pointer + group * values.count / groups : keys.pointer + group * keys.count / groups)
      }
      parallel(groups * blocks, scratchCount: loops.pointee.attention_scratch(p.width)) { task, scratch in
        let (group, block) = (task / blocks, task % blocks)
        loops.pointee.attend(
          head, q.pointer + start(group, p.queries), keys.pointer + group * keys.count / groups,
          values.pointer + group * values.count / groups, block * rows, scratch,
          y.pointer + start(group, p.queries), logSums.pointer + group * p.queries)
      }
    }
  }

  public func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage
  ) throws {
    try p.check(scores, gradients, logSums, products, on: self)
    parallel(p.groups * p.queries, chunk: Self.elementsPerTask / p.keys) { lines in
      for line in lines {
        let seen = p.isCausal ? min(line % p.queries + 1, p.keys) : p.keys
        loops.pointee.score_gradients(
          scores.pointer + line * p.keys, gradients.pointer + line * p.keys, p.keys, seen, p.scale,
          logSums.pointer[line], products.pointer[line])
      }
    }
    scores.forgetLayouts()
    gradients.forgetLayouts()
  }
}
