import Backbones
public import Checkpoints

extension KnownWeights {
  /// What a file of tensors is by names and shapes: what `recognised` knows, and networks for texts.
  public static func allRecognised(_ file: any TensorFile) -> [KnownWeights] {
    recognised(file) + recognisedForTexts(file)
  }

  private static func recognisedForTexts(_ file: any TensorFile) -> [KnownWeights] {
    if let file = CLIPFile(file) {
      guard let plan = try? CLIPPlan(file), (try? plan.check(file)) != nil else { return [] }
      return [clipViTB32, clipViTB16].filter { $0.name == plan.name }
    }
    guard let plan = try? MiniLMPlan(file), (try? plan.check(file)) != nil else { return [] }
    // Other BERTs of this width have heads of another.
    return plan.width == 384 && plan.layers == 6 ? [miniLM] : []
  }
}
