public import Backbones
import Checkpoints
import Compute
import Foundation
public import Images
public import Tensors

/// Pictures among words by a convex combination of semantic embeddings (Norouzi et al. 2014, arXiv 1312.5650): a classifier's
/// probabilities over the vectors of its classes' names.
///
/// `v = Σₜ pₜ (eₜ − m) / Σₜ pₜ` over the T most probable classes t, m the mean of all classes' vectors, which is taken from texts'
/// vectors too. It names objects that are among ImageNet's 1000 classes, or near them. It tells nothing about defects, surfaces
/// or materials: prompts of good and of damaged products rank by chance.
public struct ConSE: DifferentiableTextImageEncoder {
  public let name: String
  public let width: Int
  private let classifier: any Backbone
  private let words: any TextEncoder
  /// Of the classes' vectors.
  private let mean: [Float]
  /// Centred, one a class.
  private let classes: [[Float]]
  /// The same on the classifier's device: [classes, width].
  private let classTable: Storage

  /// Classes that count.
  private static let most = 10
  /// The classifier's own: the middle 224 of 256 pixels.
  private static let (short, side) = (256, 224)
  private static let batch = 16

  /// - classifier: gives the scores of ImageNet's classes as its last layer, "logits"
  public init(classifier: any Backbone, words: any TextEncoder) throws {
    precondition(classifier.layers.last?.name == "logits", "ConSE needs a classifier")
    let vectors = try words.vectors(ofTexts: ImageNetClasses.names)
    let mean = (0..<words.width).map { component in
      Float(vectors.reduce(0.0) { $0 + Double($1[component]) } / Double(vectors.count))
    }
    (self.classifier, self.words, self.mean, width) = (classifier, words, mean, words.width)
    classes = vectors.map { zip($0, mean).map(-) }
    classTable = try Storage(classes.flatMap(\.self), on: classifier.device)
    name = "ConSE (\(classifier.kind.weights.name), \(words.name))"
  }

  public func vectors(ofTexts texts: [String]) throws -> [[Float]] {
    try words.vectors(ofTexts: texts).map { Self.unit(zip($0, mean).map { Double($0 - $1) }) }
  }

  public func vectors(ofPictures pictures: [Image]) throws -> [[Float]] {
    try probabilities(ofPictures: pictures).map { probabilities in
      let best = probabilities.indices.sorted { probabilities[$0] > probabilities[$1] }.prefix(Self.most)
      var sum = [Double](repeating: 0, count: width)
      for index in best {
        for (component, value) in classes[index].enumerated() { sum[component] += probabilities[index] * Double(value) }
      }
      return Self.unit(sum)
    }
  }

  public var pictureSize: Int { Self.side }

  /// The vectors of pictures; which classes are the most probable is taken as given, and passes no gradient.
  public func vectors(of pictures: Tensor) throws -> Tensor {
    let expected = [pictures.shape.extents.first ?? 1, Self.side, Self.side, 3]
    guard pictures.shape.extents == expected else {
      throw ShapeError.mismatch(
        operation: name, argument: "pictures", expected: expected, found: pictures.shape.extents)
    }
    var logits: Tensor?
    try classifier.trace(classifier.normalization(pictures)) { name, output in if name == "logits" { logits = output } }
    guard let logits else { preconditionFailure("a classifier has logits") }
    let shape: Shape = [expected[0], classes.count]
    let probabilities = try logits.reshaped(to: shape).softmaxed()
    let isAmongBest = LengthBatches.split(try probabilities.values(), width: classes.count).flatMap { row in
      let best = Set(row.indices.sorted { row[$0] > row[$1] }.prefix(Self.most))
      return row.indices.map { best.contains($0) ? Float(1) : 0 }
    }
    return try probabilities.combined(.multiply, with: Tensor(isAmongBest, shape: shape, on: classifier.device))
      .multiplied(by: Tensor(classTable, shape: [classes.count, width])).unitRows()
  }

  /// The classifier's probabilities of ImageNet's classes, for each picture.
  package func probabilities(ofPictures pictures: [Image]) throws -> [[Double]] {
    try stride(from: 0, to: pictures.count, by: Self.batch).flatMap { start in
      let batch = pictures[start..<min(start + Self.batch, pictures.count)]
      let pixels = batch.flatMap { $0.centre(resizedTo: Self.short, side: Self.side) }
      let x = try Tensor(pixels, shape: [batch.count, Self.side, Self.side, 3], on: classifier.device)
      var logits: [[Float]] = []
      try classifier.trace(classifier.normalization(x)) { name, output in
        if name == "logits" { logits = LengthBatches.split(try output.values(), width: output.shape[3]) }
      }
      return logits.map(Self.softMaximum)
    }
  }

  private static func softMaximum(_ logits: [Float]) -> [Double] {
    let largest = logits.max() ?? 0
    let powers = logits.map { exp(Double($0 - largest)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  private static func unit(_ vector: [Double]) -> [Float] {
    let length = max(vector.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-12)
    return vector.map { Float($0 / length) }
  }
}
