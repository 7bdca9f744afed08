import Backbones
import Checkpoints
import Compute
import Foundation
import TestSupport
import Testing

@testable import TextImage

/// What `make_encoder_fixtures.py` wrote: files of small encoders, and what the reference libraries compute with them.
struct EncoderFixtures: Decodable {
  struct Vectors: Decodable {
    let texts, pictures: [[Float]]
    let gradient: [Float]
  }

  struct Texts: Decodable {
    let texts: [[Float]]
  }

  struct Sentence: Decodable {
    let text: String
    let identifiers: [Int32]
    let vector: [Float]
  }

  struct Picture: Decodable {
    let number, height, width: Int
    let values: [Float]
  }

  struct TrueLayout: Decodable {
    let shapes: [String: [Int]]
    let sequences: [[Int32]]
    let texts, pictures: [[Float]]
  }

  let sequences: [[Int32]]
  let size: Int
  /// By the number of layers and the activation.
  let layers: [String: [String: Vectors]]
  let minilm: Texts
  /// With the true weights.
  let sentences: [Sentence]
  let preprocessing: [Picture]
  let trueLayout: TrueLayout

  enum CodingKeys: String, CodingKey {
    case sequences, size, layers, minilm, sentences, preprocessing
    case trueLayout = "vit-b-32"
  }

  static let contents = Result {
    try JSONDecoder().decode(
      EncoderFixtures.self, from: Data(contentsOf: URL(fileURLWithPath: path("../encoders.json"))))
  }

  static func path(_ name: String) -> String { Fixtures.path("encoders/\(name)") }

  /// - name: of a file in `encoders`
  static func open(_ name: String) throws -> any TensorFile {
    try StridedTensor.$expandsFreely.withValue(true) {
      // A TorchScript archive holds a program, too.
      try openTensorFile(path(name), policy: name == "clip-openai.pt" ? .inert : .strict)
    }
  }

  static let pickles = [
    "clip-openai.pt", "clip-open.bin", "clip-open-training.pt", "clip-open-text.bin", "clip-transformers.bin",
  ]
  static let safetensors = ["clip-open.safetensors", "clip-transformers.safetensors"]
}

/// Expects vectors within 1e-4 of the reference's; NaN never passes.
func expectVectors(
  _ found: [[Float]], _ expected: [[Float]], within tolerance: Double = 1e-4,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  expectEqual(
    found.flatMap(\.self), expected.flatMap(\.self), within: Tolerance(absolute: tolerance),
    sourceLocation: sourceLocation)
}
