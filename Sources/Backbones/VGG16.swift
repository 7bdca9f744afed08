import Checkpoints
import Compute

/// The convolutions of VGG16 (Simonyan and Zisserman 2015, arXiv 1409.1556, configuration D): 3x3 with bias and ReLU.
///
/// Its taps are the last activations before each of the five poolings, relu1_2 to relu5_3: those that LPIPS compares.
enum VGG16 {
  /// How the tensors are called.
  enum Naming: Hashable {
    /// `features.<index>`, and a `classifier` that is not read.
    case torchvision
    /// `<prefix>net.slice<1…5>.<index>`: the lpips package, or a model that was trained with it.
    case lpips(prefix: String)

    /// What a file's names show; torchvision's where they show nothing.
    init(of file: any TensorFile) {
      let first = "net.slice1.0.weight"
      self =
        file.names.first { $0.hasSuffix(first) }.map { .lpips(prefix: String($0.dropLast(first.count))) }
        ?? .torchvision
    }
  }

  /// Convolutions and channels of each stage.
  private static let stages = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]

  static func plan(_ naming: Naming) -> NetworkPlan {
    var plan = NetworkPlan()
    switch naming {
    case .torchvision: plan.ignored = ["classifier."]
    case .lpips(let prefix):
      plan.scope = prefix
      plan.ignored = ["lin", "scaling_layer."].map { prefix + $0 }
    }
    // torchvision numbers convolutions, activations and poolings alike.
    var (last, index, inputs): (Int?, Int, Int) = (nil, 0, 3)
    for (stage, (count, channels)) in stages.enumerated() {
      if stage > 0 {
        last = plan.add(.maximumPool(kernel: 2, stride: 2, padding: 0), to: last)
        index += 1
      }
      for place in 0..<count {
        let name =
          switch naming {
          case .torchvision: "features.\(index)"
          case .lpips(let prefix): "\(prefix)net.slice\(stage + 1).\(index)"
          }
        let convolution = ConvolutionPlan(
          name: name, normalization: nil, inputs: inputs, outputs: channels, kernel: 3, padding: .symmetric(1),
          activation: .relu)
        let layer = plan.add(.convolution(convolution), to: last, name: "relu\(stage + 1)_\(place + 1)")
        if place == count - 1 { plan.tap(layer, stride: 1 << stage, channels: channels) }
        (last, inputs) = (layer, channels)
        index += 2
      }
    }
    return plan
  }
}
