public import Datasets
public import Detectors
import Foundation
public import Images
import Metrics

/// The pixels at which maps and masks are compared.
public enum EvaluationSize: Hashable, Sendable {
  /// Each picture's own.
  case original
  /// A square of so many pixels.
  case square(Int)
}

/// A test picture with what the detector says of it.
public struct InspectedPicture: Sendable {
  public let sample: Sample
  /// The picture's own size.
  public let width: Int
  public let height: Int
  public let inspection: Inspection

  package init(sample: Sample, width: Int, height: Int, inspection: Inspection) {
    self.sample = sample
    self.width = width
    self.height = height
    self.inspection = inspection
  }
}

/// A model's verdicts over a category's test pictures, and the metrics that follow.
public struct Evaluation: Sendable {
  public let category: String
  public let pictures: [InspectedPicture]
  public let metrics: CategoryMetrics
  public let seconds: Seconds
  /// Defective pictures without a mask, or with an empty one: they count for picture metrics only.
  public let withoutMask: Int

  /// Inspects every test picture and computes the metrics on raw scores.
  ///
  /// Maps are kept at network resolution and enlarged when they are compared, so memory stays bounded at any picture size.
  ///
  /// - progress: called with pictures done and in all; may throw to stop.
  public init(
    _ detector: any Detector, _ category: Category, size: EvaluationSize = .original,
    progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws {
    guard !category.test.isEmpty else { throw ExperimentError.noTestPictures(category: category.name) }
    let started = ContinuousClock.now
    var seconds = Seconds()
    var pictures: [InspectedPicture] = []
    let samples = category.test
    // Only what the network sees is held, never a picture of a camera's size.
    let prepared = Prefetch(count: samples.count) { [size = detector.configuration.size as Int] index in
      let image = try Image(path: samples[index].path)
      return (picture: NetworkPicture(image, size: size), width: image.width, height: image.height)
    }
    for sample in samples {
      let begun = ContinuousClock.now
      let (picture, width, height) = try prepared.element(at: pictures.count)
      let decoded = ContinuousClock.now
      let inspection = try detector.inspect(picture)
      seconds.decode += begun.duration(to: decoded).seconds
      seconds.score += decoded.duration(to: .now).seconds
      pictures.append(InspectedPicture(sample: sample, width: width, height: height, inspection: inspection))
      try progress(pictures.count, category.test.count)
    }
    self.category = category.name
    self.pictures = pictures
    (metrics, withoutMask) = try Self.metrics(
      pictures, size, threshold: detector.threshold?.score, defects: category.defects)
    seconds.total = started.duration(to: .now).seconds
    self.seconds = seconds
  }

  /// - threshold: picture scores above it are called defective
  /// - defects: how much of each kind of defect has to be found, for AU-sPRO
  package static func metrics(
    _ pictures: [InspectedPicture], _ size: EvaluationSize, threshold: Float?, defects: DefectTable? = nil
  ) throws -> (CategoryMetrics, withoutMask: Int) {
    var groups = MeasuredGroup.all(of: pictures.map(\.sample.label))
    var withoutMask = 0
    for picture in pictures where picture.sample.label.isDefective {
      guard let mask = try picture.mask(at: size) else {
        withoutMask += 1
        continue
      }
      let (map, channels) = (picture.map(at: size), try defects.map { try picture.channels($0, at: size) } ?? [])
      for group in groups.indices where groups[group].contains(picture.sample.label) {
        try groups[group].pixels.collect(
          picture.sample.name, map: map.values, mask: mask.values, width: mask.width, channels: channels,
          ignore: map.ignoredPixels)
      }
    }
    for picture in pictures {
      guard let mask = try picture.mask(at: size) else { continue }
      let map = picture.map(at: size)
      for group in groups.indices where groups[group].contains(picture.sample.label) {
        try groups[group].pixels.count(
          picture.sample.name, map: map.values, mask: mask.values, ignore: map.ignoredPixels)
      }
    }
    let scores = try groups.map { ($0.name ?? "", try $0.scores(pictures, threshold: threshold)) }
    return (CategoryMetrics(scores[0].1, splits: Array(scores.dropFirst())), withoutMask)
  }
}

extension InspectedPicture {
  func extent(_ size: EvaluationSize) -> (width: Int, height: Int) {
    switch size {
    case .original: (width, height)
    case .square(let side): (side, side)
    }
  }

  /// The anomaly map at a size.
  public func map(at size: EvaluationSize) -> AnomalyMap {
    let extent = extent(size)
    return inspection.map.resized(width: extent.width, height: extent.height)
  }

  /// The ground truth at a size; nil for a defective picture without a mask, or with an empty one.
  public func mask(at size: EvaluationSize) throws -> Mask? {
    let extent = extent(size)
    return try sample.mask(width: width, height: height)?.resized(width: extent.width, height: extent.height)
  }
}

extension InspectedPicture {
  /// The annotated defects one by one at a size, with how much of each has to be found.
  func channels(_ table: DefectTable, at size: EvaluationSize) throws -> [DefectChannel] {
    let extent = extent(size)
    // A number of pixels counts the picture's own.
    let scale = Double(extent.width * extent.height) / Double(width * height)
    return try sample.channels(table, width: width, height: height).map { channel in
      DefectChannel(
        mask: channel.mask.resized(width: extent.width, height: extent.height).values,
        saturation: channel.defect.isRelative
          ? .part(channel.defect.saturation) : .pixels(channel.defect.saturation * scale))
    }
  }
}

/// What can be wrong with an experiment as a whole.
public enum ExperimentError: Error, Hashable, Sendable, CustomStringConvertible {
  case noTestPictures(category: String)
  case unwritable(path: String, reason: String)
  case nothingToAdd(pictures: Int)
  case oneClass(good: Int, defective: Int)
  case notExtendable(detector: String)
  case descendant(generated: String, of: String)

  public var description: String {
    switch self {
    case .noTestPictures(let category):
      "There are no test pictures of \(category); evaluation needs good and defective ones."
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
    case .oneClass(let good, let defective):
      "F1 needs good and defective test pictures, and there are \(good) and \(defective)."
    case .notExtendable(let detector):
      "Pictures can be added to models of PatchCore only, and this one is of \(detector); train it again with all pictures."
    case .descendant(let generated, let real):
      "The generated picture \(generated) descends from \(real), which the threshold is to rest on; leave one of the two out, "
        + "or train anew on both."
    case .nothingToAdd(let pictures):
      "There is nothing to add: all \(pictures) picture\(pictures == 1 ? "" : "s") are in the model already."
    }
  }
}

extension Evaluation {
  /// One line a picture: name, label, scores.
  public var csv: String {
    let rows = pictures.map { picture in
      [
        csvField(picture.sample.path), csvField(picture.sample.label.name), "\(picture.inspection.score)",
        picture.inspection.reweightedScore.map { "\($0)" } ?? "",
      ].joined(separator: ",")
    }
    return (["path,label,score,score_reweighted"] + rows).joined(separator: "\n") + "\n"
  }
}

/// A field of a CSV line, quoted where it must be (RFC 4180).
public func csvField(_ text: String) -> String {
  text.contains { ",\"\n\r".contains($0) } ? "\"\(text.replacing("\"", with: "\"\""))\"" : text
}
