import Compute
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// The networks that training is measured by compute what PyTorch's do.
@Suite("Training workloads against PyTorch")
struct WorkloadTests {
  private struct Reference: Decodable {
    let batch, size: Int
    let losses: [Double]
    let gradientNorms: [String: Double]
  }

  private func reference(_ kind: TrainingWorkload.Kind) throws -> Reference {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("workloads.json")))
    return try #require(try JSONDecoder().decode([String: Reference].self, from: data)[kind.rawValue])
  }

  /// As in `make_workload_fixtures.py`.
  private func hashed(_ name: String, _ count: Int) -> [Float] {
    let seed = name.utf8.reduce(UInt32(0)) { $0 + UInt32($1) } &* 40503
    return (0..<count).map { index in
      var h = UInt32(index) &* 2_654_435_761 &+ seed
      h ^= h >> 16
      h = h &* 2_246_822_519
      h ^= h >> 13
      return Float(h >> 8) / 8_388_608 - 1
    }
  }

  private func firstValues(_ name: String, _ shape: [Int]) -> [Float] {
    let count = shape.reduce(1, *)
    if name.hasSuffix("running_mean") { return [Float](repeating: 0, count: count) }
    if name.hasSuffix("running_var") { return [Float](repeating: 1, count: count) }
    let unit = hashed(name, count)
    if shape.count == 1 { return name.hasSuffix("weight") ? unit.map { 1 + 0.25 * $0 } : unit.map { 0.125 * $0 } }
    let fan = Double(shape.dropFirst().reduce(1, *))
    let scale = Float(exp2(log2((6 / fan).squareRoot()).rounded(.toNearestOrEven)))
    return unit.map { scale * $0 }
  }

  /// Not by the GPU shape, whose kernels take minutes for this on a processor; smaller networks are trained by it.
  @Test(arguments: TestDevice.all.filter { !$0.name.contains("gpu kernels") }, TrainingWorkload.Kind.allCases)
  func stepsAreThoseOfPyTorch(_ tested: TestDevice, _ kind: TrainingWorkload.Kind) throws {
    let reference = try reference(kind)
    let shape: Shape = [reference.batch, reference.size, reference.size, 3]
    let pictures = try Tensor(hashed("pictures", shape.count), shape: shape, on: tested.device)
    let workload = try TrainingWorkload(kind, pictures: pictures, weights: firstValues)
    var found = [Double(try workload.step().values()[0])]
    #expect(workload.builder.parameters.count == reference.gradientNorms.count)
    for parameter in workload.builder.parameters {
      let squares = try parameter.gradient.values().reduce(0.0) { $0 + Double($1) * Double($1) }
      let expected = try #require(reference.gradientNorms[parameter.name], "PyTorch has no \(parameter.name)")
      // Biases before a normalisation have no gradient but rounding.
      #expect(
        abs(squares.squareRoot() - expected) <= 1e-3 * expected + 1e-5, "\(parameter.name): \(squares.squareRoot())")
    }
    for _ in 1..<reference.losses.count { found.append(Double(try workload.step().values()[0])) }
    for (step, (value, expected)) in zip(found, reference.losses).enumerated() {
      #expect(abs(value - expected) <= 1e-3 * max(expected, 1), "step \(step): \(value) and not \(expected)")
    }
  }

  @Test(arguments: TrainingWorkload.Kind.allCases)
  func equalSeedsGiveEqualBits(_ kind: TrainingWorkload.Kind) throws {
    func losses() throws -> [Float] {
      let device = TestDevice.all[0].device
      let pictures = try Tensor(hashed("pictures", 2 * 32 * 32 * 3), shape: [2, 32, 32, 3], on: device)
      let workload = try TrainingWorkload(kind, pictures: pictures, seed: 7)
      return try (0..<2).map { _ in try workload.step().values()[0] }
    }
    let (first, second) = (try losses(), try losses())
    #expect(first == second)
    #expect(first.allSatisfy { $0.isFinite })
  }
}
