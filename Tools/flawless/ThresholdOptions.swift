import ArgumentParser
import Detectors
import Experiments
import Foundation
import ToolSupport

/// The least area of a defect on a command line; "none" where the score alone decides.
struct AreaArgument: ExpressibleByArgument {
  let area: DefectArea?

  init?(argument: String) {
    area = argument == "none" ? nil : DefectArea(argument)
    if area == nil, argument != "none" { return nil }
  }
}

/// What replaces parts of a model's threshold.
struct ThresholdOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Call pictures above this score defective (default: the model's threshold).", valueName: "SCORE"))
  var threshold: Float?

  @Option(
    help: ArgumentHelp(
      "Call parts of the map above this value defective (default: the model's).", valueName: "VALUE"))
  var pixelThreshold: Float?

  @Option(
    help: ArgumentHelp(
      "Only pictures with a region of the map above the pixel threshold of so many pixels, or per cent ('0.1%') of the "
        + "picture, are defective; 'none' for no such rule (default: the model's).", valueName: "AREA"))
  var minimumArea: AreaArgument?

  func validate() throws {
    for (name, value) in [("--threshold", threshold), ("--pixel-threshold", pixelThreshold)] {
      if let value, !value.isFinite { throw ValidationError("\(name) must be a number.") }
    }
    if let pixelThreshold, pixelThreshold <= 0 { throw ValidationError("--pixel-threshold must be above 0.") }
  }

  /// The model's threshold with what was given in its place.
  func apply(to stored: Threshold?) throws -> Threshold {
    guard var result = stored else { throw Failure("The model has no threshold; train it again.") }
    if let threshold {
      result.score = threshold
      result.origin = "the command line"
      result.falseAlarmRate = nil
      result.lowConfidence = false
    }
    if let pixelThreshold { result.pixel = pixelThreshold }
    if let minimumArea { result.minimumArea = minimumArea.area }
    return result
  }
}

extension Threshold {
  /// For people: values, origin, confidence.
  var line: String {
    "threshold \(rounded(score)) (in the map \(rounded(pixel))) from \(sentence)\(lowConfidence ? " (low confidence)" : "")"
  }

  private func rounded(_ value: Float) -> String { String(format: "%.4g", Double(value)) }
}

/// Which part of the pictures counts, and from what size on.
struct RegionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Do not inspect the parts of pictures where this PNG is not black; it is stretched over them.",
      valueName: "FILE"))
  var ignoreMask: String?

  @Option(
    help: ArgumentHelp("Inspect only the parts of pictures where this PNG is not black.", valueName: "FILE"))
  var region: String?

  @Option(
    help: ArgumentHelp(
      "Defects have a region of at least so many pixels, or per cent ('0.1%') of the picture (default: none).",
      valueName: "AREA"))
  var minimumArea: AreaArgument?

  func validate() throws {
    if ignoreMask != nil, region != nil { throw ValidationError("Only one of --ignore-mask and --region can be used.") }
  }

  func ignored() throws -> IgnoredFile? {
    guard let path = ignoreMask ?? region else { return nil }
    return try IgnoredFile(path: path, isRegion: region != nil)
  }
}
