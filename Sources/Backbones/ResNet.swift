import Compute

/// Residual networks (He et al. 2016, arXiv 1512.03385; wide: Zagoruyko and Komodakis 2016, arXiv 1605.07146) with
/// torchvision's structure and names: ResNet-18 and Wide-ResNet-50-2, without their classifiers.
///
/// Batch normalisation has ε = 1e-5; a bottleneck's stride sits in its 3x3 convolution.
struct ResNet {
  /// Blocks of layer1 to layer4.
  private let blocks: [Int]
  /// Channels inside of layer1's blocks; each later layer has twice as many.
  private let width: Int
  /// A bottleneck's outputs: 1x1, 3x3, 1x1; nil for two 3x3 of `width`.
  private let bottleneckOutputs: Int?

  static let resNet18 = ResNet(blocks: [2, 2, 2, 2], width: 64, bottleneckOutputs: nil).plan
  static let wideResNet50x2 = ResNet(blocks: [3, 4, 6, 3], width: 128, bottleneckOutputs: 256).plan

  private var plan: NetworkPlan {
    var plan = NetworkPlan()
    plan.ignored = ["fc."]
    let stem = ConvolutionPlan(
      name: "conv1", normalization: "bn1", inputs: 3, outputs: 64, kernel: 7, stride: 2, padding: .symmetric(3),
      activation: .relu)
    var last = plan.add(.convolution(stem), to: nil, name: "stem")
    last = plan.add(.maximumPool(kernel: 3, stride: 2, padding: 1), to: last)
    var channels = 64
    for (layer, count) in blocks.enumerated() {
      for index in 0..<count {
        last = addBlock(&plan, layer: layer, index: index, inputs: channels, to: last)
        channels = outputs(layer)
      }
      plan.tap(last, stride: 4 << layer, channels: channels)
    }
    return plan
  }

  /// Output channels of a layer, counted from 0.
  private func outputs(_ layer: Int) -> Int { (bottleneckOutputs ?? width) << layer }

  private func addBlock(
    _ plan: inout NetworkPlan, layer: Int, index: Int, inputs: Int, to input: Int
  ) -> Int {
    let name = "layer\(layer + 1).\(index)"
    let stride = index == 0 && layer > 0 ? 2 : 1
    let (width, outputs) = (width << layer, outputs(layer))
    // Kernels and output channels of a block's convolutions; the first 3x3 has the stride.
    let shapes = bottleneckOutputs == nil ? [(3, width), (3, width)] : [(1, width), (3, width), (1, outputs)]
    let strided = shapes.firstIndex { $0.0 == 3 }
    var shortcut = input
    if stride != 1 || inputs != outputs {
      let downsample = ConvolutionPlan(
        name: "\(name).downsample.0", normalization: "\(name).downsample.1", inputs: inputs, outputs: outputs,
        stride: stride)
      shortcut = plan.add(.convolution(downsample), to: input)
    }
    var (last, depth) = (input, inputs)
    for (place, (kernel, channels)) in shapes.enumerated() {
      let isLast = place == shapes.count - 1
      let convolution = ConvolutionPlan(
        name: "\(name).conv\(place + 1)", normalization: "\(name).bn\(place + 1)", inputs: depth, outputs: channels,
        kernel: kernel, stride: place == strided ? stride : 1, padding: .symmetric(kernel / 2), activation: .relu)
      last = plan.add(
        .convolution(convolution), to: last, residual: isLast ? shortcut : nil, name: isLast ? name : nil)
      depth = channels
    }
    return last
  }
}
