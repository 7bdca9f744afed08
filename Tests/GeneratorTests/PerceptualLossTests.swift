import Backbones
import Checkpoints
import Compute
import Generator
import Tensors
import TestSupport
import Testing

@Suite("Perceptual losses")
struct PerceptualLossTests {
  @Test func theUsualKindIsTheOneWhoseWeightsAreThere() throws {
    try withTemporaryFolder { folder in
      let cache = WeightsCache(folder: folder)
      #expect(PerceptualLoss.usual(in: cache) == .features)
      #expect(throws: CheckpointError.self) {
        try PerceptualLoss.loaded(.lpips, cache: cache, on: TestDevice.all[0].device)
      }
      let none = try PerceptualLoss.loaded(.none, cache: cache, on: TestDevice.all[0].device)
      #expect(none == nil)
    }
  }

  /// Through the whole backbone: gradients by central differences.
  @Test(.enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
  func featuresOfTheBackboneHaveGradients() throws {
    let device = TestDevice.all[0].device
    let loss = try #require(try PerceptualLoss.loaded(.features, on: device))
    let shape: Shape = [1, 32, 32, 3]
    let x = try Tensor(VQGANFixture.hashed("x", shape.count), shape: shape, on: device)
    let y = try Tensor(VQGANFixture.hashed("y", shape.count), shape: shape, on: device)
    let same = try loss(x, x).values()[0]
    #expect(abs(same) <= 1e-6)
    let value = try loss(x, y).values()[0]
    #expect(value > 0.01 && value < 1)
    let check = try GradientCheck([("x", x)], samples: 12, roundings: 64) { operands, _ in try loss(operands[0], y) }
    #expect(check.isSound)
  }

  /// Through VGG16, of made-up weights: its distances are tested with the backbones.
  @Test func theLearnedDistanceHasGradients() throws {
    let device = TestDevice.all[0].device
    let trunk = try StridedTensor.$expandsFreely.withValue(true) {
      try BackboneKind.vgg16.network(openTensorFile(Fixtures.path("networks/vgg16.legacy.pth")), on: device)
    }
    let heads = [64, 128, 256, 512, 512].enumerated().map { index, channels in
      (
        "lin\(index).model.1.weight",
        HostTensor(
          shape: [1, channels, 1, 1], values: (0..<channels).map { Float($0 * 7 % 11 + 1) / 100 })
      )
    }
    let loss = PerceptualLoss.lpips(
      try LPIPS(trunk: trunk, heads: HostTensors(Dictionary(uniqueKeysWithValues: heads), from: "a formula")))
    let shape: Shape = [2, 16, 17, 3]
    let x = try Tensor(VQGANFixture.hashed("x", shape.count), shape: shape, on: device)
    let y = try Tensor(VQGANFixture.hashed("y", shape.count), shape: shape, on: device)
    let each = try (0..<2).map { try loss(x.sliced($0..<($0 + 1)), y.sliced($0..<($0 + 1))).values()[0] }
    let both = try loss(x, y).values()[0]
    #expect(both > 0.01 && abs(both - (each[0] + each[1]) / 2) <= 1e-5 * both)
    let check = try GradientCheck([("x", x)], samples: 12, roundings: 64) { operands, _ in try loss(operands[0], y) }
    #expect(check.isSound)
  }
}
