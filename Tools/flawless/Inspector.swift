import Detectors
import Experiments
import Foundation
import Images
import ToolSupport

/// Inspects pictures with one model and writes what was found beside each other.
struct Inspector {
  /// What is written for each picture.
  struct Outputs {
    let folder: String?
    let overlays: Bool
    let maps: MapFormat

    /// The files of a picture; nil where none is written.
    func files(for picture: NamedPicture) -> (overlay: String?, map: String?) {
      guard let folder else { return (nil, nil) }
      let stem = "\(folder)/\(picture.outputStem)"
      return (overlays ? "\(stem)_overlay.png" : nil, maps == .none ? nil : "\(stem)_map.\(maps.ending)")
    }
  }

  let threshold: Threshold
  private let detector: any Detector
  private let outputs: Outputs
  /// One scale for the run, from the model alone, so that pictures need not be seen together.
  private let scale: HeatScale

  init(_ detector: any Detector, threshold: Threshold, outputs: Outputs) {
    self.threshold = threshold
    self.outputs = outputs
    self.detector = detector
    scale = HeatScale(low: 0, high: 2 * threshold.pixel, threshold: threshold)
  }

  /// The verdict on a picture, with its overlay and map on disk.
  ///
  /// - Throws: a device that fails, a full disk.
  func inspect(_ picture: NamedPicture, _ image: Image) throws -> Verdict {
    let inspection = try detector.inspect(image)
    let files = outputs.files(for: picture)
    let isMapWanted = files.overlay != nil || files.map != nil || threshold.minimumArea != nil
    let map = isMapWanted ? inspection.map.resized(width: image.width, height: image.height) : inspection.map
    if let file = files.overlay ?? files.map { try makeFolder(of: file) }
    if let file = files.overlay {
      try scale.overlay(image.rgb, map: map, mask: nil).writePNG(to: URL(fileURLWithPath: file), level: 1)
    }
    if let file = files.map {
      try outputs.maps.write(map, pixelThreshold: threshold.pixel, to: URL(fileURLWithPath: file))
    }
    let judgement = threshold.judge(inspection, map: map)
    return Verdict(
      path: picture.path, score: inspection.score, reweightedScore: inspection.reweightedScore,
      threshold: threshold.score, isDefective: judgement.isDefective, largestRegion: judgement.largestRegion,
      overlay: files.overlay, map: files.map)
  }

  /// Whether an earlier run wrote all files of this picture, after the picture itself was written.
  func isDone(_ picture: NamedPicture) -> Bool {
    let files = outputs.files(for: picture)
    let named = [files.overlay, files.map].compactMap { $0 }
    guard !named.isEmpty, let written = Self.modified(picture.path) else { return false }
    return named.allSatisfy { file in Self.modified(file).map { $0 >= written } ?? false }
  }

  private static func modified(_ path: String) -> Date? {
    (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
  }

  private func makeFolder(of file: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: OutputFile.parent(of: file), withIntermediateDirectories: true)
    } catch { throw ExperimentError.unwritable(path: outputs.folder ?? file, reason: "the folder cannot be made") }
  }
}
