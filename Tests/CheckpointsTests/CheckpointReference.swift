import Checkpoints
import Foundation
import TestSupport
import Testing

/// A file in checkpoints/ and the tensors that PyTorch or safetensors sees in it.
struct CheckpointReference {
  struct Tensor: Decodable {
    let shape: [Int]
    /// As Python prints them.
    let values: [String]

    var floats: [Float] { values.map { Float($0) ?? .nan } }
  }

  static func path(_ file: String) -> String { Fixtures.path("checkpoints/\(file)") }

  static func bytes(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(file))))
  }

  static func tensors(_ file: String) throws -> [String: Tensor] {
    let content = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("checkpoints.json")))
    return try #require(JSONDecoder().decode([String: [String: Tensor]].self, from: content)[file])
  }

  /// Expects that a file has exactly the reference's tensors, bit for bit.
  static func expect(_ file: any TensorFile, hasTensorsOf reference: String) throws {
    let expected = try tensors(reference)
    #expect(Set(file.names) == Set(expected.keys))
    #expect(file.names.count == expected.count)
    for (name, tensor) in expected {
      let found = try file.tensor(named: name, shape: tensor.shape)
      #expect(found.shape == tensor.shape)
      // Python writes one NaN for all.
      let differs = zip(found.values, tensor.floats).contains { pair in
        pair.1.isNaN ? !pair.0.isNaN : pair.0.bitPattern != pair.1.bitPattern
      }
      #expect(!differs && found.values.count == tensor.values.count, "\(name)")
    }
  }
}

/// Opens bytes as a file of tensors and reads all of them; typed errors are fine, everything else is a failure.
///
/// - Returns: whether it could be read.
func readsEverything(_ bytes: [UInt8], in folder: URL) throws -> Bool {
  let url = folder.appendingPathComponent("file")
  try Data(bytes).write(to: url)
  do {
    let file = try openTensorFile(url.path)
    for name in file.names {
      let shape = try file.shape(of: name)
      #expect(try file.tensor(named: name).values.count == shape.reduce(1, *))
    }
    return true
  } catch {
    #expect(error.description.hasSuffix(".") && !error.description.contains("\n"))
    return false
  }
}
