import Compute

/// EfficientNet-Lite0 (Tan and Le 2019, arXiv 1905.11946, in TensorFlow's Lite variant: no squeeze-excitation, ReLU6).
///
/// Convolutions are bias-free with batch normalisation (ε = 1e-3); padding is TensorFlow's SAME. The last layer gives the
/// scores of the 1000 ImageNet classes before softmax.
enum EfficientNetLite0 {
  /// One stage of equal blocks; the first has the stage's stride. The last block of a stage may be a tap.
  private struct Stage {
    let blocks, kernel, stride, expansion, inputs, outputs: Int
    var tapStride: Int?
  }

  private static let stages = [
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 1, inputs: 32, outputs: 16),
    Stage(blocks: 2, kernel: 3, stride: 2, expansion: 6, inputs: 16, outputs: 24, tapStride: 4),
    Stage(blocks: 2, kernel: 5, stride: 2, expansion: 6, inputs: 24, outputs: 40, tapStride: 8),
    Stage(blocks: 3, kernel: 3, stride: 2, expansion: 6, inputs: 40, outputs: 80),
    Stage(blocks: 3, kernel: 5, stride: 1, expansion: 6, inputs: 80, outputs: 112, tapStride: 16),
    Stage(blocks: 4, kernel: 5, stride: 2, expansion: 6, inputs: 112, outputs: 192),
    Stage(blocks: 1, kernel: 3, stride: 1, expansion: 6, inputs: 192, outputs: 320, tapStride: 32),
  ]

  static let plan = {
    var plan = NetworkPlan()
    plan.epsilon = 1e-3
    var last = plan.add(
      .convolution(convolution("_conv_stem", "_bn0", 3, 32, kernel: 3, stride: 2)), to: nil, name: "stem")
    var count = 0
    for stage in stages {
      for index in 0..<stage.blocks {
        last = addBlock(&plan, stage, isFirst: index == 0, number: count, to: last)
        count += 1
      }
      if let stride = stage.tapStride { plan.tap(last, stride: stride, channels: stage.outputs) }
    }
    last = plan.add(.convolution(convolution("_conv_head", "_bn1", 320, 1280)), to: last, name: "head")
    last = plan.add(.globalAveragePool, to: last)
    _ = plan.add(
      .convolution(ConvolutionPlan(name: "_fc", normalization: nil, inputs: 1280, outputs: 1000, isLinear: true)),
      to: last, name: "logits")
    return plan
  }()

  /// Expansion 1x1, depthwise k x k, projection 1x1, and the shortcut where shapes allow it.
  private static func addBlock(
    _ plan: inout NetworkPlan, _ stage: Stage, isFirst: Bool, number: Int, to input: Int
  ) -> Int {
    let name = "_blocks.\(number)"
    let inputs = isFirst ? stage.inputs : stage.outputs
    let stride = isFirst ? stage.stride : 1
    let inner = inputs * stage.expansion
    var last = input
    if stage.expansion != 1 {
      last = plan.add(.convolution(convolution("\(name)._expand_conv", "\(name)._bn0", inputs, inner)), to: last)
    }
    let depthwise = convolution(
      "\(name)._depthwise_conv", "\(name)._bn1", inner, inner, kernel: stage.kernel, stride: stride, groups: inner)
    last = plan.add(.convolution(depthwise), to: last)
    var projection = convolution("\(name)._project_conv", "\(name)._bn2", inner, stage.outputs)
    projection.activation = .none
    let hasShortcut = stride == 1 && inputs == stage.outputs
    return plan.add(
      .convolution(projection), to: last, residual: hasShortcut ? input : nil, name: "block\(number)")
  }

  private static func convolution(
    _ name: String, _ normalization: String, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1,
    groups: Int = 1
  ) -> ConvolutionPlan {
    ConvolutionPlan(
      name: name, normalization: normalization, inputs: inputs, outputs: outputs, kernel: kernel, stride: stride,
      groups: groups, padding: .same, activation: .relu6)
  }
}
