import Compute
import Foundation
import Generation
import Generator
import Images
import Networks
import TestSupport

/// The smallest generator there is: 16 x 16 pixels, made in a blink.
enum SmallGenerator {
  static var network: VQGANConfiguration {
    var network = VQGANConfiguration(.tiny)
    (network.size, network.multipliers, network.latentWidth, network.codeWidth, network.codes) = (
      16, [1, 1], 32, 8, 16
    )
    return network
  }

  static var training: VQGANTrainingConfiguration {
    var training = VQGANTrainingConfiguration(steps: 4, batch: 2, adversarialStart: 2, perceptualLoss: .none)
    (training.discriminator.width, training.discriminator.layers) = (4, 1)
    (training.baseRate, training.averageDecay) = (1e-4, 0.9)
    return training
  }

  static func files(in folder: URL) throws -> [String] {
    try (0..<3).map { number in
      let path = folder.appendingPathComponent("\(number).png")
      try SmallPictures.picture(seed: number, defective: false).writePNG(to: path)
      return path.path
    }
  }

  static func course(_ files: [String]) -> GeneratorTraining {
    GeneratorTraining(
      network: network, training: training, augmentation: ProductVariation.aligned.augmentation, files: files,
      categories: ["plate"], seed: 3, programVersion: "test")
  }
}
