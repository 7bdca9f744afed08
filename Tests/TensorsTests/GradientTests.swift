import Compute
import Tensors
import TestSupport
import Testing

/// Gradients as PyTorch's autograd computes them in float64, on every device.
@Suite("Gradients against PyTorch's values")
struct GradientTests {
  private func storage(_ role: String, _ fixture: OperationCase, _ tested: TestDevice) throws -> Storage {
    try Storage(fixture.values(role), on: tested.device)
  }

  private func expect(
    _ found: Storage, _ role: String, _ fixture: OperationCase, within tolerance: Tolerance
  ) throws {
    try expectEqual(found.values(), fixture.values(role), within: tolerance, "\(fixture.name): \(role)")
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("convolution gradient"))
  func convolutionsGiveTheirs(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let p = try ConvolutionProblem(
      input: fixture.shape("x"), weight: fixture.shape("w"), stride: fixture.extent("stride"),
      padding: fixture.padding(), dilation: fixture.extent("dilation"), groups: fixture.integer("groups"))
    let (x, w, dy) = (
      try storage("x", fixture, tested), try storage("w", fixture, tested), try storage("dy", fixture, tested)
    )
    let dx = try Storage(count: p.inputCount, on: tested.device)
    let dw = try Storage(count: p.weightCount, on: tested.device)
    try tested.device.convolveBackwardData(p, outputGradient: dy, w, into: dx)
    try tested.device.convolveBackwardWeights(p, x, outputGradient: dy, into: dw, accumulate: false)
    // Twice that of a direct sum, for Winograd's transforms.
    try expect(dx, "dx", fixture, within: Tolerance.sum(depth: 4 * p.outputChannels * 9))
    try expect(dw, "dw", fixture, within: Tolerance.sum(depth: p.batch * p.outputHeight * p.outputWidth))
  }

  /// Of two uses the second one's gradients are added to the first one's by the device.
  @Test(arguments: TestDevice.all, OperationFixtures.cases("convolution gradient"))
  func usesOfConvolutionsAddUp(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let stride = try fixture.extent("stride"), padding = try fixture.padding()
    let dilation = try fixture.extent("dilation"), groups = try fixture.integer("groups")
    func gradients(uses: Int) throws -> [[Float]] {
      let tape = Tape()
      let x = tape.watched(try fixture.tensor("x", on: tested.device))
      let w = tape.watched(try fixture.tensor("w", on: tested.device))
      func use() throws -> Tensor {
        try x.convolved(with: w, stride: stride, padding: padding, dilation: dilation, groups: groups)
      }
      let y = try (1..<uses).reduce(use()) { sum, _ in try sum.combined(.add, with: use()) }
      let dy = try fixture.tensor("dy", on: tested.device)
      return try tape.gradients(of: y, for: [x, w], outputGradient: dy).map { try $0.values() }
    }
    let once = try gradients(uses: 1)
    let thrice = try gradients(uses: 3)
    for (index, role) in ["dx", "dw"].enumerated() {
      expectEqual(
        thrice[index], once[index].map { 3 * $0 }, within: .sum(depth: 4096), "\(fixture.name): \(role)")
    }
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("normalization"))
  func normalizationsGiveTheirs(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let shape = try fixture.shape("x")
    let p = try NormalizationProblem(
      batch: shape[0], positions: shape[1], channels: shape[2], groups: fixture.integer("groups"))
    let (device, x, scale) = (
      tested.device, try storage("x", fixture, tested), try storage("scale", fixture, tested)
    )
    let y = try Storage(count: p.count, on: device)
    let (means, variances) = (
      try Storage(count: p.statisticsCount, on: device), try Storage(count: p.statisticsCount, on: device)
    )
    try device.normalize(
      p, x, NormalizationParameters(scale: scale, shift: storage("shift", fixture, tested)), into: y, means: means,
      variances: variances)
    try expect(y, "y", fixture, within: .sum(depth: 64))
    let dx = try Storage(count: p.count, on: device)
    let (dscale, dshift) = (try Storage(count: p.channels, on: device), try Storage(count: p.channels, on: device))
    try device.normalizeBackward(
      p, x, outputGradient: storage("dy", fixture, tested), means: means, variances: variances, scale: scale, into: dx,
      scaleGradient: dscale, shiftGradient: dshift)
    for (found, role) in [(dx, "dx"), (dscale, "dscale"), (dshift, "dshift")] {
      try expect(found, role, fixture, within: .sum(depth: 4 * p.positions * p.batch + 64))
    }
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("attention gradient"))
  func attentionGivesIts(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (query, key) = (try fixture.shape("q"), try fixture.shape("k"))
    let p = try AttentionProblem(
      batch: query[0], heads: query[2], queries: query[1], keys: key[1], width: query[3],
      isCausal: fixture.flag("causal"))
    let device = tested.device
    let (q, k, v) = (
      try storage("q", fixture, tested), try storage("k", fixture, tested), try storage("v", fixture, tested)
    )
    let (y, logSums) = (try Storage(count: p.queryCount, on: device), try Storage(count: p.logSumCount, on: device))
    try device.attend(p, q, k, v, into: y, logSums: logSums)
    let dq = try Storage(count: p.queryCount, on: device)
    let (dk, dv) = (try Storage(count: p.keyCount, on: device), try Storage(count: p.keyCount, on: device))
    try device.attendBackward(
      p, AttentionPass(q: q, k: k, v: v, y: y, logSums: logSums), outputGradient: storage("dy", fixture, tested),
      queryGradient: dq, keyGradient: dk, valueGradient: dv)
    for (found, role) in [(dq, "dq"), (dk, "dk"), (dv, "dv")] {
      try expect(found, role, fixture, within: Tolerance(ofLargest: 32))
    }
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("activation gradient"))
  func activationsGiveTheirs(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let x = try storage("x", fixture, tested)
    let dx = try Storage(count: x.count, on: tested.device)
    try tested.device.activateBackward(
      Activation.named(fixture.text("activation")), x, outputGradient: storage("dy", fixture, tested), into: dx)
    try expect(dx, "dx", fixture, within: Tolerance(ofLargest: 32))
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("softmax gradient"))
  func softmaxGivesIts(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let shape = try fixture.shape("y")
    let p = try SoftmaxProblem(rows: shape[0], columns: shape[1], logarithmic: fixture.flag("logarithmic"))
    let dx = try Storage(count: p.count, on: tested.device)
    try tested.device.softmaxBackward(
      p, storage("y", fixture, tested), outputGradient: storage("dy", fixture, tested), into: dx)
    // y itself is rounded in the fixture.
    try expect(dx, "dx", fixture, within: .sum(depth: 4 * p.columns))
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("pooling gradient"))
  func poolingGivesIts(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let kind: PoolingProblem.Kind
    switch try fixture.text("kind") {
    case "maximum": kind = .maximum
    case "average of the window": kind = .average(paddingCounts: true)
    default: kind = .average(paddingCounts: false)
    }
    let p = try PoolingProblem(
      kind, input: fixture.shape("x"), kernel: fixture.extent("kernel"), stride: fixture.extent("stride"),
      padding: fixture.padding())
    let dx = try Storage(count: p.inputCount, on: tested.device)
    try tested.device.poolBackward(
      p, storage("x", fixture, tested), outputGradient: storage("dy", fixture, tested), into: dx)
    try expect(dx, "dx", fixture, within: .sum(depth: 16))
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("resampling gradient"))
  func resizingGivesIts(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (input, output) = (try fixture.shape("dx"), try fixture.shape("dy"))
    let p = try ResamplingProblem(
      .named(fixture.text("mode")), input: input, outputHeight: output[1], outputWidth: output[2])
    let dx = try Storage(count: p.inputCount, on: tested.device)
    try tested.device.resampleBackward(p, outputGradient: storage("dy", fixture, tested), into: dx)
    try expect(dx, "dx", fixture, within: .sum(depth: 64))
  }
}
