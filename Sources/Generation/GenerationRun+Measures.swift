import Foundation
import Compute
import Generator
import Images
import Integrator
import Tensors
import TextImage

extension GenerationRun {
  /// Pictures of each kind that measures look at, and generated ones that are spoilt to see whether the selection notices.
  private static let (measured, spoilt) = (64, 16)

  /// - accepted: by rank
  func measured(
    _ accepted: [CandidateKey], _ store: CandidateStore, _ descriptors: GenerationDescriptors, _ aim: Integrator.Aim?,
    _ progress: (Stage, Int, Int) throws -> Void
  ) throws -> GenerationQuality? {
    guard !accepted.isEmpty else { return nil }
    let shots = originals.files.count
    let copies = (shots..<max(originals.count, shots)).prefix(Self.measured)
    let files = accepted.prefix(Self.measured).compactMap { store[$0]?.file }
    func generated(_ file: String) throws -> Image {
      try Image(path: store.folder.appendingPathComponent(file).path)
    }
    let others = heldOut.prefix(Self.measured)
    let total = min(shots, Self.measured) + copies.count + files.count + others.count
    var done = 0
    func described(_ image: () throws -> Image) throws -> Tensor {
      let found = try descriptors(image())
      done += 1
      try progress(.measures, done, total)
      return found
    }
    return try GenerationQuality(
      real: originals.files.prefix(Self.measured).map { path in try described { try Image(path: path) } },
      copies: copies.map { copy in try described { try Image(originals.picture(copy)) } },
      generated: files.map { file in try described { try generated(file) } },
      heldOut: others.map { path in try described { try Image(path: path) } },
      scores: try scores(files.prefix(Self.spoilt).map(generated), others: Array(others), aim))
  }

  /// What the selection says of normal pictures, and of generated ones that were blurred or had parts exchanged.
  private func scores(_ pictures: [Image], others: [String], _ aim: Integrator.Aim?) throws -> SelectionScores {
    guard let encoder, let aim, !others.isEmpty else { return SelectionScores() }
    func likeness(_ image: Image) throws -> Float {
      zip(try encoder.vectors(ofPictures: [image])[0], aim.target).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let side = encoder.pictureSize
    let kinds: [PictureCorruption] = [.blur(sigma: Double(side) / 56), .patchSwaps(count: 3, part: 0.2)]
    var corrupted: [Float] = []
    for (number, picture) in pictures.enumerated() {
      let small = FloatImage(picture.rgb, width: side, height: side)
      let x = try Tensor(small.samples, shape: [1, side, side, 3], on: device)
      for kind in kinds {
        let spoilt = try kind.applied(to: x, RandomKey(seed: settings.integrator.seed, step: UInt32(number))).values()
        corrupted.append(
          try likeness(Image(FloatImage(width: side, height: side, channels: 3, samples: spoilt))))
      }
    }
    return SelectionScores(heldOut: try others.map { try likeness(Image(path: $0)) }, corrupted: corrupted)
  }
}
