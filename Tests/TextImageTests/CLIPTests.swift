import Backbones
import Checkpoints
import Compute
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@testable import TextImage

@Suite("CLIP against open_clip and transformers")
struct CLIPTests {
  private static func load(
    _ name: String, _ activation: CLIPActivation = .quick, on device: any Device
  ) throws -> CLIP {
    try CLIP(
      EncoderFixtures.open(name), activation: activation, on: device)
  }

  private static func pictures(_ count: Int, on device: any Device) throws -> Tensor {
    let size = try EncoderFixtures.contents.get().size
    return try Tensor(
      (0..<count).flatMap { patternPicture($0, size: size) }, shape: [count, size, size, 3], on: device)
  }

  private func compare(_ name: String, layers: Int, _ activation: CLIPActivation, _ device: any Device) throws {
    let fixtures = try EncoderFixtures.contents.get()
    let expected = try #require(fixtures.layers["\(layers)"]?[activation.rawValue])
    let clip = try Self.load(name, activation, on: device)
    #expect(clip.width == 32 && clip.pictureSize == fixtures.size)
    expectVectors(try clip.vectors(ofTokens: fixtures.sequences), expected.texts)
    let found = try clip.vectors(of: Self.pictures(2, on: device))
    expectVectors([try found.values()], [expected.pictures.flatMap(\.self)])
  }

  @Test(arguments: TestDevice.oneOfEachKind, EncoderFixtures.pickles)
  func vectorsOfEveryPickleEqualTheReference(_ tested: TestDevice, _ name: String) throws {
    for activation in CLIPActivation.allCases { try compare(name, layers: 2, activation, tested.device) }
  }

  @Test(arguments: TestDevice.all, EncoderFixtures.safetensors)
  func vectorsOfSafetensorsEqualTheReference(_ tested: TestDevice, _ name: String) throws {
    for activation in CLIPActivation.allCases { try compare(name, layers: 1, activation, tested.device) }
  }

  /// Every seventh component of the gradient by a picture, from PyTorch's autograd.
  @Test(arguments: TestDevice.all)
  func theGradientByAPictureEqualsPyTorchs(_ tested: TestDevice) throws {
    let fixtures = try EncoderFixtures.contents.get()
    for activation in CLIPActivation.allCases {
      let expected = try #require(fixtures.layers["2"]?[activation.rawValue]).gradient
      let clip = try Self.load("clip-open.bin", activation, on: tested.device)
      let tape = Tape()
      let pictures = try tape.watched(Self.pictures(2, on: tested.device))
      let vectors = try clip.vectors(of: pictures)
      // The second picture's vector does not count.
      let weights = (1...32).map(Float.init) + [Float](repeating: 0, count: 32)
      let sum = try vectors.combined(.multiply, with: Tensor(weights, shape: [2, 32], on: tested.device)).reduced(.sum)
      let gradient = try tape.gradients(of: sum, for: [pictures])[0].values()
      let first = gradient.prefix(gradient.count / 2)
      let sampled = stride(from: 0, to: first.count, by: 7).map { first[$0] }
      let scale = expected.map(abs).max() ?? 0
      expectEqual(sampled, expected, within: Tolerance(absolute: 1e-4 * Double(scale)))
      #expect(gradient.suffix(gradient.count / 2).allSatisfy { $0 == 0 })
    }
  }

  /// Batches by length, and back in order.
  @Test func textsOfManyLengthsComeBackInOrder() throws {
    let fixtures = try EncoderFixtures.contents.get()
    let expected = try #require(fixtures.layers["2"]?["quick"]).texts
    let clip = try Self.load("clip-open.bin", on: #require(TestDevice.all.first).device)
    let order = (0..<1200).map { $0 * 7 % expected.count }
    expectVectors(
      try clip.vectors(ofTokens: order.map { fixtures.sequences[$0] }), order.map { expected[$0] })
    #expect(try clip.vectors(ofTokens: []).isEmpty)
    #expect(try clip.vectors(ofPictures: []).isEmpty)
  }

  @Test func picturesArePreparedAsTorchvisionDoes() throws {
    let fixtures = try EncoderFixtures.contents.get()
    for picture in fixtures.preprocessing {
      let pixels = patternPicture(picture.number, size: picture.height, width: picture.width)
      let image = try Image(
        width: picture.width, height: picture.height, channels: 3, pixels: pixels.map { UInt8($0) })
      let found = image.centre(resizedTo: fixtures.size, side: fixtures.size)
      // Pillow 13 goes along columns first for some sizes, which moves values by one.
      expectEqual(found, picture.values, within: Tolerance(absolute: 1))
    }
  }

  @Test func picturesOfOtherSizesAreRefusedAsTensorsAndTakenAsPictures() throws {
    let device = try #require(TestDevice.all.first).device
    let clip = try Self.load("clip-open.bin", on: device)
    #expect(throws: ShapeError.self) { try clip.vectors(of: .filled(1, shape: [1, 32, 24, 3], on: device)) }
    let grey = try Image(width: 50, height: 31, channels: 1, pixels: [UInt8](repeating: 90, count: 50 * 31))
    let found = try clip.vectors(ofPictures: [grey, grey])
    #expect(found.count == 2 && found[0].count == 32 && found[0] == found[1])
    #expect(abs(found[0].reduce(0) { $0 + $1 * $1 } - 1) <= 1e-5)
  }
}

/// ViT-B/32 with its true names and shapes; values by the formula of `RandomWeights`.
private struct TrueLayoutFile: TensorFile {
  let path = "formula"
  let shapes: [String: [Int]]
  var names: [String] { shapes.keys.sorted() }
  func shape(of name: String) throws(CheckpointError) -> [Int] {
    guard let shape = shapes[name] else { throw .missing(path: path, name: name) }
    return shape
  }
  func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    try RandomWeights(seed: 1).tensor(named: name, shape: shape(of: name))
  }
}

@Suite("CLIP's true layout, and files that are none")
struct CLIPFileTests {
  /// The names and shapes of `open_clip`'s ViT-B/32; those of OpenAI's archive are the same.
  private static func file() throws -> TrueLayoutFile {
    TrueLayoutFile(shapes: try EncoderFixtures.contents.get().trueLayout.shapes)
  }

  @Test func theTrueLayoutIsRecognised() throws {
    let file = try Self.file()
    #expect(file.shapes.count == 302)
    #expect(file.shapes.values.reduce(0) { $0 + $1.reduce(1, *) } == 151_277_313)
    #expect(KnownWeights.allRecognised(file) == [.clipViTB32])
    // Patches of 16: 14 x 14 of them.
    var other = file.shapes
    other["visual.conv1.weight"] = [768, 3, 16, 16]
    other["visual.positional_embedding"] = [197, 768]
    #expect(KnownWeights.allRecognised(TrueLayoutFile(shapes: other)) == [.clipViTB16])
    for (name, policy) in [("ln_final.weight", nil), ("visual.transformer.resblocks.7.mlp.c_fc.bias", [7])] {
      var broken = file.shapes
      broken[name] = policy
      #expect(KnownWeights.allRecognised(TrueLayoutFile(shapes: broken)) == [])
    }
  }

  #if !DEBUG
    // Making 151 million numbers takes minutes without optimisation.
    @Test(arguments: TestDevice.oneOfEachKind)
    func vectorsOfTheTrueLayoutEqualOpenCLIPs(_ tested: TestDevice) throws {
      let expected = try EncoderFixtures.contents.get().trueLayout
      let clip = try CLIP(
        Self.file(), activation: .quick, on: tested.device)
      #expect(clip.name == "CLIP ViT-B/32")
      expectVectors(try clip.vectors(ofTokens: expected.sequences), expected.texts)
      let picture = try Tensor(patternPicture(0, size: 224), shape: [1, 224, 224, 3], on: tested.device)
      expectVectors([try clip.vectors(of: picture).values()], expected.pictures)
    }
  #endif

  @Test func everyFaultOfAFileIsNamed() throws {
    let device = try #require(TestDevice.all.first).device
    var shapes = try Self.file().shapes
    shapes["text_projection"] = [512, 640]
    shapes["visual.ln_pre.bias"] = nil
    shapes["visual.head.weight"] = [3]
    let mismatch = #expect(throws: NetworkMismatch.self) {
      try CLIP(
        TrueLayoutFile(shapes: shapes), activation: .quick, on: device)
    }
    #expect(
      mismatch?.description
        == """
        formula is no file of CLIP: it lacks visual.ln_pre.bias; it has the unexpected visual.head.weight; of other \
        shapes: text_projection is [512, 640] instead of [512, 512].
        """)
    #expect(throws: NetworkMismatch.self) {
      try CLIP(
        EncoderFixtures.open("minilm.safetensors"), activation: .quick,
        on: device)
    }
  }
}
