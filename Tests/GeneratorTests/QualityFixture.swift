import Compute
import Foundation
import Generator
import Tensors
import TestSupport
import Testing

/// What `make_quality_fixtures.py` found, and the descriptors that it found it of.
struct QualityFixture: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let real, copies, generated, heldOut: Int
    let positions, width: Int
    let scale, shift, offset: Float
    let space: String
    let neighbours: Int
    let measures: [String: Double]
    /// By the names of the sets.
    let comparisons: [String: [String: Double]]

    var testDescription: String { name }

    /// Of `count` pictures, [positions, width] each.
    func descriptors(_ kind: String, _ count: Int, on device: any Device) throws -> [Tensor] {
      let isGenerated = kind == "generated"
      let scale = isGenerated ? self.scale : kind == "copies" ? 0.25 : 0.5
      let shift = (isGenerated ? self.shift : 0) + offset
      let size = positions * width
      let base = VQGANFixture.hashed("base", size)
      let noise = VQGANFixture.hashed(kind, count * size)
      return try (0..<count).map { picture in
        try Tensor(
          (0..<size).map { base[$0] + noise[picture * size + $0] * scale + shift }, shape: [positions, width],
          on: device)
      }
    }

    var settings: GenerationQuality.Settings {
      var settings = GenerationQuality.Settings()
      settings.space = GenerationQuality.Settings.Space(rawValue: space) ?? .patches
      settings.neighbours = neighbours
      return settings
    }
  }

  struct Scores: Decodable, Sendable {
    let normal, corrupted, reference: [Float]
    let auroc, spearman: Double
  }

  struct Blur: Decodable, Sendable {
    let sigma: Double
    let shape: [Int]
    let values: [Float]
  }

  let cases: [Case]
  let scores: [Scores]
  let blurs: [Blur]

  static let read = Result {
    try JSONDecoder().decode(
      QualityFixture.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("quality.json"))))
  }
  /// Every case; none when the file cannot be read, which a test of its own reports.
  static let cases = (try? read.get().cases) ?? []
}

/// Descriptors of small pictures [5, 3], drawn anew for each kind.
enum SmallDescriptors {
  static func pictures(_ kind: String, _ count: Int, scale: Float = 1, on device: any Device) throws -> [Tensor] {
    let values = VQGANFixture.hashed(kind, count * 15)
    return try (0..<count).map { picture in
      try Tensor(values[picture * 15..<picture * 15 + 15].map { $0 * scale }, shape: [5, 3], on: device)
    }
  }
}
