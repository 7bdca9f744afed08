import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("flawless export")
struct ExportTests {
  @Test func aModelIsWrittenAsONNX() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("plate.onnx")
      let outcome = try flawless("export", product.model, "--onnx", file.path, "--weights", product.weights)
      #expect(outcome.status == 0, "\(outcome.errors)")
      let data = try Data(contentsOf: file)
      #expect(outcome.output == "\(file.path): \(data.count) bytes, SHA-256 \(SHA256.hash(data))\n")
      let onnx = try DecodedONNX(data)
      #expect(onnx.outputs.map(\.name) == ["score", "map", "patch_distances"])
      #expect(onnx.metadata["categories"] == SmallPictures.category)
      #expect(onnx.metadata["backbone_weights_sha256"] == (try SHA256.hash(fileAt: product.weights)))
    }
  }

  @Test func aFolderThatIsNoModelIsNamed() throws {
    try withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("x.onnx").path
      let outcome = try flawless("export", folder.path, "--onnx", file)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("there is no model.json in it"))
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }
}
