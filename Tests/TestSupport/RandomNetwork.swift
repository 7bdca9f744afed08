import Checkpoints
public import Foundation

/// EfficientNet-Lite0 with random weights, scaled (He et al. 2015) so that signals neither vanish nor grow.
public enum RandomNetwork {
  /// A safetensors file.
  public static func encoded() throws -> Data {
    var tensors: [String: HostTensor] = [:]
    var noise = Reproducible(11)
    func add(_ name: String, _ shape: [Int]) {
      let count = shape.reduce(1, *)
      // Uniform values in ±1 have variance 1/3.
      let scale = (6 / Float(shape.dropFirst().reduce(1, *))).squareRoot()
      tensors["\(name).weight"] = HostTensor(shape: shape, values: noise.floats(count).map { $0 * scale })
    }
    func addNormalization(_ name: String, _ channels: Int) {
      for (part, value) in [("weight", Float(1)), ("bias", 0), ("running_mean", 0), ("running_var", 1)] {
        tensors["\(name).\(part)"] = HostTensor(shape: [channels], values: [Float](repeating: value, count: channels))
      }
    }
    add("_conv_stem", [32, 3, 3, 3])
    addNormalization("_bn0", 32)
    // (blocks, kernel, expansion, inputs, outputs)
    let stages = [
      (1, 3, 1, 32, 16), (2, 3, 6, 16, 24), (2, 5, 6, 24, 40), (3, 3, 6, 40, 80), (3, 5, 6, 80, 112),
      (4, 5, 6, 112, 192), (1, 3, 6, 192, 320),
    ]
    var block = 0
    for (blocks, kernel, expansion, inputs, outputs) in stages {
      for index in 0..<blocks {
        let name = "_blocks.\(block)"
        let inputs = index == 0 ? inputs : outputs
        if expansion > 1 {
          add("\(name)._expand_conv", [inputs * expansion, inputs, 1, 1])
          addNormalization("\(name)._bn0", inputs * expansion)
        }
        add("\(name)._depthwise_conv", [inputs * expansion, 1, kernel, kernel])
        addNormalization("\(name)._bn1", inputs * expansion)
        add("\(name)._project_conv", [outputs, inputs * expansion, 1, 1])
        addNormalization("\(name)._bn2", outputs)
        block += 1
      }
    }
    add("_conv_head", [1280, 320, 1, 1])
    addNormalization("_bn1", 1280)
    add("_fc", [1000, 1280])
    tensors["_fc.bias"] = HostTensor(shape: [1000], values: [Float](repeating: 0, count: 1000))
    return try SafetensorsFile.encoded(tensors)
  }
}
