import Checkpoints
import Foundation
import Images
import TestSupport

/// A product of small pictures, a network of random weights, and a model trained with both by the program: enough to see
/// the program work, in a second, on a machine without any download.
struct SmallProduct {
  let folder: URL
  let weights: String
  let model: String
  /// What training said.
  let training: ProgramRun.Outcome

  var root: String { folder.path }
  static let category = "plate"

  /// Made once a process; removed at its end.
  static let shared = Result { try SmallProduct() }

  private init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-product-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    Self.removeAtExit(folder.path)
    weights = folder.appendingPathComponent("random.safetensors").path
    try RandomNetwork.encoded().write(to: URL(fileURLWithPath: weights))
    try Self.writePictures(to: folder.path)
    model = folder.appendingPathComponent("plate.model").path
    training = try flawless(
      "train", "--data", folder.path, "--category", Self.category, "--weights", weights, "--size", "64", "--device",
      "cpu", "-o", model, "--json", folder.appendingPathComponent("train.json").path, "--log",
      folder.appendingPathComponent("train.jsonl").path)
  }

  static func removeAtExit(_ path: String) {
    doomed.append(path)
    if doomed.count == 1 {
      atexit { for path in SmallProduct.doomed { try? FileManager.default.removeItem(atPath: path) } }
    }
  }
  nonisolated(unsafe) private static var doomed: [String] = []

  /// MVTec AD's layout: four good pictures to train on, two good and two defective ones to test, of 60 x 44 pixels.
  static func writePictures(to root: String, maskSize: (Int, Int) = (width, height)) throws {
    let category = URL(fileURLWithPath: root).appendingPathComponent(category)
    for (kind, count) in [("train/good", 4), ("test/good", 2), ("test/hole", 2), ("ground_truth/hole", 0)] {
      let folder = category.appendingPathComponent(kind)
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for index in 0..<count {
        try picture(seed: kind.count * 10 + index, defective: kind == "test/hole")
          .writePNG(to: folder.appendingPathComponent("00\(index).png"))
      }
    }
    for index in 0..<2 {
      let values = (0..<(maskSize.0 * maskSize.1)).map { place in
        isInHole(place % maskSize.0, place / maskSize.0) ? UInt8(255) : 0
      }
      try Image(width: maskSize.0, height: maskSize.1, channels: 1, pixels: values)
        .writePNG(to: category.appendingPathComponent("ground_truth/hole/00\(index)_mask.png"))
    }
  }

  static let width = 60
  static let height = 44

  private static func isInHole(_ x: Int, _ y: Int) -> Bool { (30..<46).contains(x) && (10..<26).contains(y) }

  /// Soft stripes with a little noise; a black hole where defective.
  static func picture(seed: Int, defective: Bool) throws -> Image {
    var noise = Reproducible(seed + 1)
    let grain = noise.floats(width * height * 3)
    let pixels = grain.indices.map { index in
      let (x, y) = (index / 3 % width, index / 3 / width)
      if defective, isInHole(x, y) { return UInt8(5) }
      return UInt8(130 + 30 * sin(Double(x + y) / 6) + 6 * Double(grain[index]))
    }
    return try Image(width: width, height: height, channels: 3, pixels: pixels)
  }
}

/// EfficientNet-Lite0 with random weights, scaled (He et al. 2015) so that signals neither vanish nor grow.
enum RandomNetwork {
  static func encoded() throws -> Data {
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
