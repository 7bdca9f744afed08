import Backbones
import Compute
import Detectors
import Foundation
import ModelExport
import Tensors
import TestSupport
import Testing

@Suite("Models as ONNX files")
struct ONNXExportTests {
  /// 45 is no multiple of the strides: grids are rounded up.
  private static func model(
    _ backbone: (any Device) throws -> any Backbone = { try FakeBackbone(on: $0) }, size: Int = 45,
    strides: [Int] = [8, 16], rows: Int = 11
  ) throws -> (model: TrainedModel, bank: [Float]) {
    let backbone = try backbone(#require(TestDevice.all.first).device)
    var configuration = PatchCoreConfiguration()
    configuration.backbone = backbone.kind
    configuration.size = size
    configuration.strides = strides
    configuration.smoothingSigma = 2
    let width = DescriptorExtractor(backbone, size: size, strides: strides).width
    var reproducible = Reproducible(3)
    let bank = reproducible.floats(rows * width)
    let threshold = Threshold(
      score: 1.25, pixel: 0.75, origin: "a test", falseAlarmRate: 0.01, heldOut: 3, lowConfidence: true)
    let description = ModelDescription(
      configuration: configuration, weightsSHA256: "random:1",
      trainingFiles: ["/data/nut/train/good/1.png", "x/bolt/train/good/2.png", "elsewhere/3.png"].map {
        .init(path: $0, sha256: "0")
      }, shots: nil, draw: nil, threshold: threshold, seed: 0, device: "test", programVersion: "0.0 (test)")
    let detector = try PatchCore(
      configuration, backbone: backbone,
      bank: Tensor(bank, shape: [rows, width], on: backbone.device), threshold: threshold)
    return (TrainedModel(description: description, detector: detector), bank)
  }

  private static func exported(_ model: TrainedModel, stretchFloats: Int? = nil) throws -> DecodedONNX {
    var export = try ONNXExport(model, modelSHA256: "abc", programVersion: "1.0 (test)")
    if let stretchFloats { export.stretchFloats = stretchFloats }
    return try DecodedONNX(export.encoded())
  }

  /// Every value is made once, before it is read; constants have the bytes of their shapes; outputs are made.
  private func expectSound(_ file: DecodedONNX) {
    #expect(file.constantCount == file.constants.count, "a constant's name occurs twice")
    var known = Set(file.constants.keys).union(file.inputs.map(\.name)).union([""])
    var read: Set<String> = []
    for node in file.nodes {
      for input in node.inputs {
        #expect(known.contains(input), "\(input) is read before it is made")
        read.insert(input)
      }
      for output in node.outputs { #expect(known.insert(output).inserted, "\(output) is made twice") }
    }
    for constant in file.constants.keys { #expect(read.contains(constant), "\(constant) is never read") }
    for output in file.outputs { #expect(known.contains(output.name)) }
    for (name, constant) in file.constants {
      #expect(constant.bytes.count == constant.shape.reduce(1, *) * (constant.type == 7 ? 8 : 4), "\(name)")
    }
  }

  @Test func theGraphIsSoundAndEndsInScoreMapAndDistances() throws {
    let file = try Self.exported(Self.model().model)
    expectSound(file)
    #expect(file.inputs.map(\.name) == ["picture"] && file.inputs[0].shape == [1, 3, 45, 45])
    #expect(file.outputs.map(\.name) == ["score", "map", "patch_distances"])
    #expect(file.outputs.map(\.shape) == [[1], [1, 1, 45, 45], [1, 1, 6, 6]])
    #expect(
      file.nodes.map(\.operation) == [
        "Mul", "Add", "Conv", "Relu", "Conv", "Relu", "AveragePool", "Resize", "AveragePool", "Resize", "Concat",
        "Reshape", "Transpose", "Sub", "Gemm", "TopK", "Gather", "Reshape", "Sub", "ReduceSumSquare", "ReduceMin",
        "Sqrt", "Reshape", "ReduceMax", "Resize", "Gather", "Conv", "Gather", "Conv",
      ])
  }

  @Test func theBankIsTheModelsWithoutItsMeans() throws {
    let (model, bank) = try Self.model()
    let file = try Self.exported(model)
    let centred = try #require(file.constants["bank"])
    let mean = try #require(file.constants["bank.mean"]?.floats)
    #expect(centred.shape == [11, 12] && mean.count == 12)
    for (index, value) in centred.floats.enumerated() {
      #expect(abs(value + mean[index % 12] - bank[index]) <= 1e-6)
    }
    for (column, mean) in mean.enumerated() {
      let exact = (0..<11).reduce(0.0) { $0 + Double(bank[$1 * 12 + column]) } / 11
      #expect(abs(Double(mean) - exact) <= 1e-7)
    }
    let squares = try #require(file.constants["bank.squares"]?.floats)
    for (row, square) in squares.enumerated() {
      let exact = centred.floats[(row * 12)..<(row * 12 + 12)].reduce(0.0) { $0 + Double($1) * Double($1) }
      #expect(abs(Double(square) - exact) <= 1e-6 * exact)
    }
    #expect(squares.count == 11)
    let ranking = try #require(file.nodes.first { $0.operation == "Gemm" })
    #expect(ranking.attributes["alpha"]?.floats(2) == [-2] && ranking.integers("transB") == [1])
    #expect(file.constants["candidates.count"]?.integers == [8])
  }

  @Test func aSmallBankHasFewCandidates() throws {
    #expect(try Self.exported(Self.model(rows: 1).model).constants["candidates.count"]?.integers == [1])
  }

  /// Large banks are searched by stretches of patches, the last one shorter.
  @Test func stretchesCoverEveryPatchOnce() throws {
    // 8 candidates of 12 floats: 5 patches a stretch.
    let file = try Self.exported(Self.model().model, stretchFloats: 5 * 96)
    expectSound(file)
    let slices = file.nodes.filter { $0.operation == "Slice" }.map { node in
      node.inputs.dropFirst().map { file.constants[$0]?.integers ?? [] }
    }
    #expect(slices.map { $0[0][0] } == Array(stride(from: 0, to: 36, by: 5)))
    #expect(slices.map { $0[1][0] } == [5, 10, 15, 20, 25, 30, 35, 36])
    #expect(slices.allSatisfy { $0[2] == [0] })
    let joined = try #require(file.nodes.first { $0.outputs == ["least"] })
    #expect(joined.operation == "Concat" && joined.inputs.count == 8)
  }

  @Test func edgesAreReflectedWithTheEdgePixel() throws {
    let file = try Self.exported(Self.model(size: 32).model)
    let places = try #require(file.constants["smoothing.places"]?.integers)
    #expect(places == Array((0..<8).reversed()) + Array(0..<32) + Array((24..<32).reversed()))
    let taps = try #require(file.constants["map.taps"])
    #expect(taps.shape == [1, 1, 1, 17] && abs(taps.floats.reduce(0, +) - 1) <= 1e-6)
    #expect(file.constants["smoothed_columns.taps"]?.shape == [1, 1, 17, 1])
  }

  @Test func theMetadataSaysWhatTheModelSays() throws {
    let found = try Self.exported(Self.model().model).metadata
    let expected = [
      "threshold": "1.25", "pixel_threshold": "0.75", "threshold_origin": "a test", "low_confidence": "true",
      "map_scale_low": "0", "map_scale_high": "1.5", "false_alarm_rate": "0.01", "model_sha256": "abc",
      "program_version": "1.0 (test)", "model_program_version": "0.0 (test)", "categories": "bolt,nut",
      "backbone_weights_sha256": "random:1", "size": "45", "strides": "8,16", "bank_rows": "11",
      "descriptor_width": "12", "detector": "patchcore", "backbone": "efficientnet-lite0", "smoothing_sigma": "2.0",
    ]
    for (key, value) in expected { #expect(found[key] == value, "\(key)") }
    #expect(found["preprocessing"]?.contains("45 x 45") == true)
    #expect(found.count == expected.count + 1)
  }

  #if DEBUG
    // Folding the 69 million weights of Wide-ResNet-50-2 takes a minute without optimisation.
    private static let kinds = BackboneKind.allCases.filter { $0 != .wideResNet50x2 }
  #else
    private static let kinds = BackboneKind.allCases
  #endif

  /// Convolutions up to the deepest tap, their weights as devices have them, pads and strides of the padded shapes.
  @Test(arguments: kinds)
  func everyBackboneIsWrittenLayerByLayer(_ kind: BackboneKind) throws {
    let (model, _) = try Self.model({ try kind.network(RandomWeights(seed: 1), on: $0) }, size: 64)
    let file = try Self.exported(model)
    expectSound(file)
    let backbone = model.detector.backbone
    let deepest = try backbone.taps(at: [16])[0].layer
    let layers = backbone.layers[...deepest]
    let convolutions = Array(file.nodes.filter { $0.operation == "Conv" }.dropLast(2))
    var count = 0
    for layer in layers {
      guard case .convolution(let convolution) = layer.operation else { continue }
      let node = try #require(convolutions.indices.contains(count) ? convolutions[count] : nil)
      count += 1
      let (shape, written) = (convolution.weightShape, try #require(file.constants[node.inputs[1]]))
      #expect(written.shape == [shape[3], shape[2], shape[0], shape[1]])
      #expect(node.integers("group") == [convolution.groups])
      #expect(node.integers("strides") == [convolution.stride.height, convolution.stride.width])
      #expect(node.integers("kernel_shape") == [shape[0], shape[1]])
      #expect(file.constants[node.inputs[2]]?.floats == (try convolution.bias.values()))
      let (values, found) = (try convolution.weight.values(), written.floats)
      // One value of each quarter.
      for part in 0..<4 {
        let index = found.count * part / 4 + part
        let (place, rest) = (index % (shape[0] * shape[1]), index / (shape[0] * shape[1]))
        #expect(found[index] == values[(place * shape[2] + rest % shape[2]) * shape[3] + rest / shape[2]])
      }
    }
    #expect(count == convolutions.count)
    #expect(file.nodes.count { $0.operation == "Add" } == 1 + layers.count { $0.residual != nil })
    #expect(
      file.nodes.count { $0.operation == "MaxPool" }
        == layers.count { if case .maximumPool = $0.operation { true } else { false } })
  }

  @Test func theHashIsThatOfBothFiles() throws {
    try withTemporaryFolder { folder in
      try Data("ab".utf8).write(to: folder.appendingPathComponent("model.json"))
      #expect(throws: (any Error).self) { try ONNXExport.sha256(ofModel: folder.path) }
      try Data("c".utf8).write(to: folder.appendingPathComponent("weights.safetensors"))
      // SHA-256 of "abc", from FIPS 180-2.
      #expect(
        try ONNXExport.sha256(ofModel: folder.path)
          == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
  }
}
