import Compute
import Foundation
import Tensors
import TestSupport
import Testing

/// What PyTorch gave for the layers of a network on ``syntheticInput(height:width:on:)``; see PROVENANCE.md.
struct NetworkReference {
  private struct Layer {
    let shape: [Int]
    let mean, largest: Double
    let first, last: [Double]
  }
  private let layers: [String: Layer]
  var count: Int { layers.count }

  init(_ json: [String: Any]) throws {
    layers = try json.mapValues { value in
      let layer = try #require(value as? [String: Any])
      return Layer(
        shape: try #require(layer["shape"] as? [Int]), mean: try #require(layer["mean"] as? Double),
        largest: try #require(layer["absmax"] as? Double), first: try #require(layer["first4"] as? [Double]),
        last: layer["last4"] as? [Double] ?? [])
    }
  }

  /// Mean, largest magnitude and single values must be within `tolerance` of the layer's largest magnitude.
  func expect(_ name: String, _ output: Tensor, tolerance: Double) throws {
    let layer = try #require(layers[name])
    let values = try output.values()
    let channels = output.shape[3]
    #expect([channels, output.shape[1], output.shape[2]] == layer.shape)
    func expectNear(_ found: Double, _ expected: Double) {
      #expect(abs(found - expected) / layer.largest <= tolerance, "\(name)")
    }
    expectNear(values.reduce(0) { $0 + Double($1) } / Double(values.count), layer.mean)
    expectNear(Double(values.map(abs).max() ?? .nan), layer.largest)
    // The reference lists the first row of channel 0 of an NCHW tensor, and the last channels of the last pixel.
    for (column, expected) in layer.first.enumerated() { expectNear(Double(values[column * channels]), expected) }
    for (found, expected) in zip(values.suffix(layer.last.count), layer.last) { expectNear(Double(found), expected) }
  }
}

/// x[y][x][c] = (((7919c + 131y + 17x) mod 255) − 127) / 128
func syntheticInput(height: Int, width: Int, on device: any Device) throws -> Tensor {
  var values: [Float] = []
  for y in 0..<height {
    for x in 0..<width {
      for c in 0..<3 { values.append(Float((c * 7919 + y * 131 + x * 17) % 255 - 127) / 128) }
    }
  }
  return try Tensor(values, shape: [1, height, width, 3], on: device)
}
