public import Backbones

/// The sizes of a student for one teacher (RD4AD, Deng and Li 2022, arXiv 2201.10703, section 3).
///
/// Three levels of the teacher, each at half the size of the one before, are brought to the deepest one's size, put together
/// and embedded at half of that (the one-class bottleneck); the decoder grows the embedding back to the three levels.
public struct ReverseDistillationPlan: Hashable, Sendable {
  /// How a residual block is built.
  public enum Block: Hashable, Sendable {
    /// Two 3x3 convolutions.
    case basic
    /// 1x1 to a width, 3x3, and 1x1 to the outputs.
    case bottleneck
  }

  /// A stage of residual blocks; the first one halves or doubles the size.
  public struct Stage: Hashable, Sendable {
    public let blocks: Int
    /// Channels inside a bottleneck; of a basic block, its outputs.
    public let width: Int
    public let outputs: Int

    package init(blocks: Int, width: Int, outputs: Int) {
      self.blocks = blocks
      self.width = width
      self.outputs = outputs
    }
  }

  /// Teacher's levels, from shallow to deep.
  public let strides: [Int]
  public let channels: [Int]
  public let block: Block
  /// Whether the teacher's features are outputs of ReLU, and so the student's.
  let isRectified: Bool
  /// What the two shallower levels are brought to: after one halving, and after the last.
  let halved: Int
  let fused: Int
  let embedding: Stage
  /// From deep to shallow.
  let decoder: [Stage]

  package init(
    strides: [Int] = [4, 8, 16], channels: [Int], block: Block, isRectified: Bool = true, halved: Int, fused: Int,
    embedding: Stage,
    decoder: [Stage]
  ) {
    self.strides = strides
    self.channels = channels
    self.block = block
    self.isRectified = isRectified
    self.halved = halved
    self.fused = fused
    self.embedding = embedding
    self.decoder = decoder
  }

  /// - Throws: ``DetectorError/setting(name:reason:)`` for a backbone that has no plan.
  public static func plan(for backbone: BackboneKind) throws(DetectorError) -> ReverseDistillationPlan {
    switch backbone {
    case .efficientNetLite0: efficientNetLite0
    case .resNet18: resNet(.basic, expansion: 1, widening: 1, embedded: 2, blocks: [2, 2, 2])
    case .wideResNet50x2: resNet(.bottleneck, expansion: 4, widening: 2, embedded: 3, blocks: [3, 4, 6])
    case .vgg16: throw .setting(name: "backbone", reason: "has no student for reverse distillation; choose another one")
    }
  }

  /// Ours, not the paper's: no checkpoint of it exists elsewhere. The decoder's blocks are as wide inside as their outputs: with
  /// half of that, as in ResNets, image AUROC on the sample data set was 0.08 lower (200 steps, one training a category).
  private static let efficientNetLite0 = ReverseDistillationPlan(
    channels: [24, 40, 112], block: .bottleneck, isRectified: false, halved: 40, fused: 112,
    embedding: Stage(blocks: 3, width: 96, outputs: 192),
    decoder: [
      Stage(blocks: 2, width: 112, outputs: 112), Stage(blocks: 2, width: 40, outputs: 40),
      Stage(blocks: 2, width: 24, outputs: 24),
    ])

  /// The authors': planes 512 in the embedding, 256, 128 and 64 in the decoder.
  private static func resNet(
    _ block: Block, expansion: Int, widening: Int, embedded: Int, blocks: [Int]
  ) -> ReverseDistillationPlan {
    func stage(_ planes: Int, _ blocks: Int) -> Stage {
      Stage(blocks: blocks, width: planes * widening, outputs: planes * expansion)
    }
    return ReverseDistillationPlan(
      channels: [64, 128, 256].map { $0 * expansion }, block: block, halved: 128 * expansion,
      fused: 256 * expansion, embedding: stage(512, embedded),
      decoder: zip([256, 128, 64], blocks).map(stage))
  }
}
