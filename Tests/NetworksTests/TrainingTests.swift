import Checkpoints
import Compute
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// Ten training steps against PyTorch's in float64, from the same weights and data.
@Suite("Training against PyTorch's losses")
struct TrainingTests {
  private static let steps = 10
  /// What the issue of training asks for; float32 against float64 differs by a hundredth of it here.
  private static let tolerance = 1e-4

  private struct Reference {
    let file: SafetensorsFile
    let network: String
    let losses: [Double]

    init(_ network: String) throws {
      file = try SafetensorsFile(path: Fixtures.path("training.safetensors"))
      self.network = network
      let text = try #require(file.metadata["losses"])
      let all = try JSONDecoder().decode([String: [Double]].self, from: Data(text.utf8))
      losses = try #require(all[network])
    }

    func begin(_ builder: NetworkBuilder) throws {
      try builder.setValues { try file.tensor(named: "\(network).\($0)", shape: $1).values }
    }

    func tensor(_ name: String, on device: any Device) throws -> Tensor {
      let found = try file.tensor(named: "\(network).\(name)")
      return try Tensor(found.values, shape: Shape(found.shape), on: device)
    }
  }

  /// Trains and compares the losses of every step.
  private func expectLosses(
    _ reference: Reference, _ optimizer: Optimizer, rate: Double, _ loss: (Pass) throws -> Tensor
  ) throws {
    #expect(reference.losses.count == Self.steps)
    for (step, expected) in reference.losses.enumerated() {
      let tape = Tape()
      let value = try loss(Pass(tape: tape, isTraining: true))
      let found = Double(try value.values()[0])
      #expect(abs(found - expected) <= Self.tolerance * expected, "step \(step): \(found) and not \(expected)")
      try tape.carryBack(from: value)
      try optimizer.step(rate: rate)
    }
  }

  @Test(arguments: TestDevice.all)
  func aResidualNetworkWithMomentum(_ tested: TestDevice) throws {
    let reference = try Reference("residual")
    let builder = NetworkBuilder(on: tested.device)
    let network = try ResidualNetwork(builder)
    try reference.begin(builder)
    let (x, labels) = (
      try reference.tensor("data", on: tested.device), try reference.tensor("labels", on: tested.device)
    )
    let optimizer = try Optimizer(
      .momentum(0.9, weightDecay: 0.01, isNesterov: true), ParameterArena(builder.parameters))
    try expectLosses(reference, optimizer, rate: 0.05) { try Loss.crossEntropy(network(x, $0), labels: labels) }
    // By the running statistics, which ten steps have moved.
    let expected = try reference.tensor("evaluated", on: tested.device).values()
    try expectEqual(network(x, .inference).values(), expected, within: Tolerance(absolute: 2e-4))
  }

  @Test(arguments: TestDevice.all)
  func aQuantizedAutoencoderWithAdam(_ tested: TestDevice) throws {
    let reference = try Reference("autoencoder")
    let builder = NetworkBuilder(on: tested.device)
    let network = try QuantizedAutoencoder(builder)
    try reference.begin(builder)
    let x = try reference.tensor("data", on: tested.device)
    let optimizer = try Optimizer(
      .adam(firstDecay: 0.5, secondDecay: 0.9), ParameterArena(builder.parameters))
    try expectLosses(reference, optimizer, rate: 0.003) { pass in
      let (picture, codebook) = try network(x, pass)
      return try Loss.meanAbsolute(picture, x).combined(.add, with: codebook)
    }
  }

  @Test(arguments: TestDevice.all)
  func aTransformerBlockWithAdamWAndClipping(_ tested: TestDevice) throws {
    let reference = try Reference("transformer")
    let builder = NetworkBuilder(on: tested.device)
    let network = try TransformerBlock(builder)
    try reference.begin(builder)
    let (x, target) = (
      try reference.tensor("data", on: tested.device), try reference.tensor("target", on: tested.device)
    )
    let optimizer = try Optimizer(
      .adam(weightDecay: 0.1, isDecoupled: true), ParameterArena(builder.parameters), clippingNorm: 0.5)
    try expectLosses(reference, optimizer, rate: 0.01) { try Loss.meanSquare(network(x, $0), target) }
  }

  /// The same steps twice leave the same bits.
  @Test(arguments: TestDevice.all)
  func twoTrainingsAreTheSame(_ tested: TestDevice) throws {
    func train() throws -> [[Float]] {
      let reference = try Reference("residual")
      let builder = NetworkBuilder(on: tested.device, seed: 3)
      let network = try ResidualNetwork(builder)
      let (x, labels) = (
        try reference.tensor("data", on: tested.device), try reference.tensor("labels", on: tested.device)
      )
      let optimizer = try Optimizer(.adam(), ParameterArena(builder.parameters))
      for _ in 0..<4 {
        let tape = Tape()
        let loss = try Loss.crossEntropy(network(x, Pass(tape: tape, isTraining: true)), labels: labels)
        try tape.carryBack(from: loss)
        try optimizer.step(rate: 0.01)
      }
      return try builder.values().map(\.values)
    }
    let (first, second) = (try train(), try train())
    #expect(first == second)
    #expect(first.allSatisfy { $0.allSatisfy(\.isFinite) })
  }
}
