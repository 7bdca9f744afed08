import ArgumentParser
import Images

/// How training pictures are varied; nothing is unless asked for.
struct AugmentationOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Vary brightness by factors from 1 − PART to 1 + PART.", valueName: "PART"))
  var brightness: Double?

  @Option(help: ArgumentHelp("Vary contrast likewise.", valueName: "PART"))
  var contrast: Double?

  @Option(help: ArgumentHelp("Vary saturation likewise.", valueName: "PART"))
  var saturation: Double?

  @Option(help: ArgumentHelp("Turn by up to so many degrees, either way.", valueName: "DEGREES"))
  var rotation: Double?

  @Option(help: ArgumentHelp("Move by up to this part of a side.", valueName: "PART"))
  var translation: Double?

  @Flag(help: "Mirror half of the pictures left to right.")
  var horizontalFlip = false

  @Flag(help: "Mirror half of the pictures top to bottom.")
  var verticalFlip = false

  /// The options that were given.
  var given: [String] {
    [
      brightness.map { _ in "--brightness" }, contrast.map { _ in "--contrast" },
      saturation.map { _ in "--saturation" }, rotation.map { _ in "--rotation" },
      translation.map { _ in "--translation" }, horizontalFlip ? "--horizontal-flip" : nil,
      verticalFlip ? "--vertical-flip" : nil,
    ].compactMap { $0 }
  }

  /// nil where nothing is varied.
  var augmentation: Augmentation? {
    guard !given.isEmpty else { return nil }
    var augmentation = Augmentation()
    augmentation.brightness = brightness ?? 0
    augmentation.contrast = contrast ?? 0
    augmentation.saturation = saturation ?? 0
    augmentation.degrees = rotation ?? 0
    augmentation.translation = translation ?? 0
    augmentation.horizontalFlip = horizontalFlip ? 0.5 : 0
    augmentation.verticalFlip = verticalFlip ? 0.5 : 0
    return augmentation
  }
}
