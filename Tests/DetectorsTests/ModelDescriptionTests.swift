import Detectors
import Foundation
import Testing

@Suite("model.json")
struct ModelDescriptionTests {
  /// As a program wrote it that knew of no generated pictures.
  private static let old = """
    {
      "configuration" : {
        "backbone" : "efficientnet-lite0",
        "coresetMinimum" : 100,
        "coresetRatio" : 0.1,
        "descriptorBudget" : 4294967296,
        "falseAlarmRate" : 0.01,
        "folds" : 5,
        "neighbours" : 9,
        "size" : 64,
        "smoothingSigma" : 4,
        "strides" : [
          8,
          16
        ]
      },
      "detector" : "patchcore",
      "device" : "cpu (OpenBLAS 0.3.21, Haswell, AVX-512, 2 threads)",
      "format" : 1,
      "heldOut" : {
        "added" : 0,
        "areCopies" : false,
        "scores" : [
          {
            "largestPixel" : 0.10921015,
            "picture" : 0.1230109
          }
        ],
        "training" : "5 normal training pictures, cross-fitted in 5 folds"
      },
      "programVersion" : "0.1.0 (fb2b3e073+)",
      "seed" : 0,
      "shots" : 5,
      "threshold" : {
        "falseAlarmRate" : 0.01,
        "heldOut" : 5,
        "lowConfidence" : true,
        "origin" : "5 normal training pictures, cross-fitted in 5 folds",
        "pixel" : 0.10938001,
        "score" : 0.123075575
      },
      "trainingFiles" : [
        {
          "path" : "fabric/train/good/000.png",
          "sha256" : "449ea30583fab0468c96d9f5fba74e9a0a3f4e8616c82dd615e40272da6528ec"
        },
        {
          "path" : "fabric/train/good/001.png",
          "sha256" : "0f0490445c7715afb8a2f50c4de7b6c39598ba735246a0399842a864566fe63d"
        }
      ],
      "weightsSHA256" : "random:5"
    }
    """

  private static func encoded(_ description: ModelDescription) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(description), as: UTF8.self)
  }

  @Test func withoutGeneratedPicturesItsBytesAreThoseOfBefore() throws {
    let description = try JSONDecoder().decode(ModelDescription.self, from: Data(Self.old.utf8))
    #expect(description.generatedFiles.isEmpty && description.parents().isEmpty)
    #expect(try Self.encoded(description) == Self.old)
  }

  @Test func generatedFilesComeBackWithTheirParents() throws {
    var description = try JSONDecoder().decode(ModelDescription.self, from: Data(Self.old.utf8))
    let hashes = description.trainingFiles.map(\.sha256)
    description.generatedFiles = [
      .init(path: "1.png", sha256: "a", parents: [hashes[1]]), .init(path: "2.png", sha256: "b", parents: nil),
      .init(path: "3.png", sha256: "c", parents: ["another"]),
      // A copy of a real picture descends from it, whatever is said.
      .init(path: "4.png", sha256: hashes[0], parents: [hashes[1], hashes[1]]),
    ]
    let again = try JSONDecoder().decode(ModelDescription.self, from: Data(Self.encoded(description).utf8))
    #expect(again.generatedFiles == description.generatedFiles)
    #expect(again.parents() == [[1], nil, [], [0, 1]])
    #expect(again.descendant(of: "another")?.path == "3.png")
    #expect(again.descendant(of: hashes[0])?.path == "4.png")
    #expect(again.descendant(of: "b")?.path == "2.png")
    #expect(again.descendant(of: "none") == nil)
  }
}
