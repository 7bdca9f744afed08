import Backbones
import Checkpoints
import Compute
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@testable import TextImage

/// Mean colours as the scores of 1000 classes: one linear layer.
private struct ColourClassifier: Backbone {
  let kind = BackboneKind.efficientNetLite0
  let device: any Device
  let layers: [NetworkLayer<FoldedConvolution>]
  let taps: [FeatureTap] = []
  let normalization = PixelNormalization(offset: [0, 0, 0], scale: [255, 255, 255])
  /// [3, 1000]
  let weights: [Float]

  init(on device: any Device) throws {
    var reproducible = Reproducible(3)
    weights = reproducible.floats(3 * 1000).map { 3 * $0 }
    self.device = device
    let linear = FoldedConvolution(
      weight: try Storage(weights, on: device), weightShape: [1, 1, 3, 1000],
      bias: try Storage([Float](repeating: 0, count: 1000), on: device), stride: 1, groups: 1, padding: .symmetric(0),
      activation: .none)
    layers = [
      NetworkLayer(.globalAveragePool, input: nil), NetworkLayer(.convolution(linear), input: 0, name: "logits"),
    ]
  }
}

/// Vectors by a text's bytes.
private struct ByteEncoder: TextEncoder {
  let name = "bytes"
  let width = 7

  func vectors(ofTexts texts: [String]) -> [[Float]] {
    texts.map { text in
      var reproducible = Reproducible(text.utf8.reduce(5) { ($0 &* 31 &+ Int($1)) % 1_000_003 })
      let values = reproducible.floats(width)
      let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return values.map { $0 / length }
    }
  }
}

@Suite("ConSE")
struct ConSETests {
  /// The formula, by hand: ten classes, the classes' mean taken from both sides.
  @Test(arguments: TestDevice.oneOfEachKind)
  func vectorsFollowTheFormula(_ tested: TestDevice) throws {
    let (classifier, words) = (try ColourClassifier(on: tested.device), ByteEncoder())
    let conse = try ConSE(classifier: classifier, words: words)
    let colours: [[UInt8]] = [[200, 30, 90], [10, 250, 128]]
    let pictures = try colours.map { colour in
      try Image(width: 40, height: 30, channels: 3, pixels: (0..<1200).flatMap { _ in colour })
    }
    let classes = words.vectors(ofTexts: ImageNetClasses.names)
    let mean = (0..<7).map { component in classes.reduce(0) { $0 + $1[component] } / 1000 }
    for (colour, found) in zip(colours, try conse.vectors(ofPictures: pictures)) {
      let logits = (0..<1000).map { index in
        (0..<3).reduce(0.0) { $0 + Double(colour[$1]) / 255 * Double(classifier.weights[$1 * 1000 + index]) }
      }
      let best = logits.indices.sorted { logits[$0] > logits[$1] }.prefix(10)
      let vector = (0..<7).map { component in
        best.reduce(0.0) { $0 + exp(logits[$1]) * Double(classes[$1][component] - mean[component]) }
      }
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      expectVectors([found], [vector.map { Float($0 / length) }])
    }
    let text = words.vectors(ofTexts: ["zipper"])[0]
    let centred = zip(text, mean).map(-)
    let length = centred.reduce(0) { $0 + $1 * $1 }.squareRoot()
    expectVectors(try conse.vectors(ofTexts: ["zipper"]), [centred.map { $0 / length }])
    #expect(conse.width == 7 && conse.name == "ConSE (EfficientNet-Lite0, bytes)")
  }

  /// As tensors the same vectors, and gradients as differences have them while the same classes are the best.
  @Test(arguments: TestDevice.oneOfEachKind)
  func vectorsOfTensorsHaveGradients(_ tested: TestDevice) throws {
    let conse = try ConSE(classifier: ColourClassifier(on: tested.device), words: ByteEncoder())
    #expect(conse.pictureSize == 224)
    let colours: [[UInt8]] = [[200, 30, 90], [10, 250, 128]]
    let pictures = try colours.map { colour in
      try Image(width: 224, height: 224, channels: 3, pixels: (0..<(224 * 224)).flatMap { _ in colour })
    }
    let tensor = try Tensor(
      pictures.flatMap { $0.pixels.map(Float.init) }, shape: [2, 224, 224, 3], on: tested.device)
    let found = try conse.vectors(of: tensor)
    expectVectors(
      LengthBatches.split(try found.values(), width: 7), try conse.vectors(ofPictures: pictures), within: 1e-5)
    // Of one factor on each colour: single pixels count for too little.
    let factors = try Tensor([1, 0.9, 1.1, 1, 1, 1], shape: [2, 3], on: tested.device)
    let check = try GradientCheck([("factors", factors)], samples: 6, roundings: 512) { operands, _ in
      let colours = try operands[0].combined(
        .multiply, with: Tensor([200, 30, 90, 10, 250, 128], shape: [2, 3], on: tested.device))
      let ones = try Tensor.filled(1, shape: [2, 224 * 224, 1], on: tested.device)
      return try conse.vectors(
        of: ones.multiplied(by: colours.reshaped(to: [2, 1, 3])).reshaped(to: [2, 224, 224, 3]))
    }
    #expect(check.isSound, "\(check.findings)")
    #expect(throws: ShapeError.self) { try conse.vectors(of: .filled(1, shape: [1, 224, 200, 3], on: tested.device)) }
  }

  @Test func classesAreImageNets() {
    let names = ImageNetClasses.names
    #expect(names.count == 1000)
    #expect(
      [names[0], names[285], names[650], names[724], names[967], names[999]] == [
        "tench", "Egyptian cat", "microphone", "pirate", "espresso", "toilet tissue",
      ])
  }
}

@Suite("ConSE with its weights", .enabled(if: RealConSE.areThere, Comment(rawValue: RealConSE.reason)))
struct RealConSETests {
  private struct Fixture: Decodable {
    struct Picture: Decodable {
      let file: String
      let classes: [Int]
      let probabilities, cosines: [Double]
    }

    let prompts: [String]
    let pictures: [Picture]
  }

  /// Probabilities and cosines of PyTorch, transformers and torchvision; the right prompt comes first.
  @Test(arguments: TestDevice.oneOfEachKind)
  func photographsLieWhereTheReferenceHasThem(_ tested: TestDevice) throws {
    let fixture = try JSONDecoder().decode(
      Fixture.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("conse.json"))))
    let classifier = try LoadedBackbone(.efficientNetLite0, on: tested.device).backbone
    let conse = try ConSE(classifier: classifier, words: MiniLM(on: tested.device))
    let pictures = try fixture.pictures.map { try Image(path: Fixtures.path("conse/\($0.file)")) }
    let prompts = try conse.vectors(ofTexts: fixture.prompts)
    let probabilities = try conse.probabilities(ofPictures: pictures)
    for (index, (vector, expected)) in zip(try conse.vectors(ofPictures: pictures), fixture.pictures).enumerated() {
      for (number, probability) in zip(expected.classes, expected.probabilities) {
        // JPEG decoders and Pillow's order of passes may move pixels by one.
        #expect(abs(probabilities[index][number] - probability) <= 5e-3)
      }
      let cosines = prompts.map { zip($0, vector).reduce(0) { $0 + Double($1.0 * $1.1) } }
      for (found, cosine) in zip(cosines, expected.cosines) { #expect(abs(found - cosine) <= 5e-3) }
      #expect(cosines.indices.max { cosines[$0] < cosines[$1] } == index)
    }
  }
}

private enum RealConSE {
  static let areThere = RealMiniLM.areThere && RealWeights.areThere
  static let reason = "weights: those of MiniLM or EfficientNet-Lite0 are not in the cache: run Tools/demo once"
}
