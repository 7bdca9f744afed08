import Compute
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Upkeep of codebooks")
struct UpkeepTests {
  private static let (codes, width) = (11, 6)

  /// A training whose codebook has no gradient to follow, and the batch's latents before it.
  private func step(
    _ device: any Device, _ upkeep: CodebookUpkeep.Configuration, steps: Int
  ) throws -> (books: [[Float]], latents: [[Float]], idle: [[Float]]) {
    let builder = NetworkBuilder(on: device)
    let network = try VQGAN(VQGANFixture.configuration, builder)
    try builder.setValues(VQGANFixture.firstValues)
    var configuration = VQGANTrainingConfiguration(
      steps: steps, batch: 2, adversarialStart: 100, perceptualLoss: .none)
    (configuration.discriminator.width, configuration.discriminator.layers) = (4, 2)
    configuration.upkeep = upkeep
    let training = try VQGANTraining(network, configuration, builder, perceptual: nil)
    let trainer = try training.trainer(examples: 2, seed: 1)
    let x = try VQGANFixture.pictures(on: device)
    let book = network.quantizer.codebook
    var (books, latents, idle) = ([try book.storage.values()], [[Float]](), [[Float]]())
    for _ in 0..<steps {
      latents.append(try network.latents(of: x).values())
      _ = try trainer.advance { try training.losses($0, pictures: x) }
      books.append(try book.storage.values())
      idle += try builder.statistics.filter { $0.name == "quantize.idle" }.map { try $0.storage.values() }
    }
    return (books, latents, idle)
  }

  private func nearest(_ latents: [Float], _ book: [Float]) -> [Int] {
    (0..<latents.count / Self.width).map { row in
      func distance(_ code: Int) -> Double {
        (0..<Self.width).reduce(0) { sum, channel in
          let d = Double(latents[row * Self.width + channel]) - Double(book[code * Self.width + channel])
          return sum + d * d
        }
      }
      return (0..<Self.codes).min { distance($0) < distance($1) } ?? 0
    }
  }

  @Test(arguments: TestDevice.all)
  func averagesAreThoseOfTheLatents(_ tested: TestDevice) throws {
    let found = try step(tested.device, CodebookUpkeep.Configuration(averageDecay: 0.75), steps: 2)
    var sizes = [Double](repeating: 1, count: Self.codes)
    var sums = found.books[0].map(Double.init)
    for (latents, books) in zip(found.latents, zip(found.books, found.books.dropFirst())) {
      var (hits, parts) = ([Double](repeating: 0, count: Self.codes), [Double](repeating: 0, count: sums.count))
      for (row, code) in nearest(latents, books.0).enumerated() {
        hits[code] += 1
        for channel in 0..<Self.width {
          parts[code * Self.width + channel] += Double(latents[row * Self.width + channel])
        }
      }
      sizes = zip(sizes, hits).map { 0.75 * $0 + 0.25 * $1 }
      sums = zip(sums, parts).map { 0.75 * $0 + 0.25 * $1 }
      let total = sizes.reduce(0, +)
      let expected = sums.indices.map { index in
        Float(sums[index] / ((sizes[index / Self.width] + 1e-5) / (total + 11e-5) * total))
      }
      expectEqual(books.1, expected, within: Tolerance(ofLargest: 1e-5 / Tolerance.unit))
    }
    #expect(found.books[0] != found.books[1])
  }

  /// The first pictures leave codes without hits; after two batches those lie where latents do, and have begun anew.
  @Test(arguments: TestDevice.all)
  func idleCodesAreRevived(_ tested: TestDevice) throws {
    let found = try step(tested.device, CodebookUpkeep.Configuration(revivalBatches: 2), steps: 2)
    let used = found.latents.indices.map { Set(nearest(found.latents[$0], found.books[$0])) }
    let dead = Set(0..<Self.codes).subtracting(used[0]).subtracting(used[1])
    #expect(!dead.isEmpty && dead.count < Self.codes)
    for code in 0..<Self.codes {
      let place = Array(found.books[2][(code * Self.width)..<((code + 1) * Self.width)])
      let isLatent = stride(from: 0, to: found.latents[1].count, by: Self.width).contains { start in
        Tolerance(ofLargest: 64).excess(place, Array(found.latents[1][start..<(start + Self.width)])) <= 1
      }
      #expect(isLatent == dead.contains(code), "\(code)")
      #expect(found.idle[0][code] == (used[0].contains(code) ? 0 : 1))
      #expect(found.idle[1][code] == (used[1].contains(code) || dead.contains(code) ? 0 : 1), "\(code)")
    }
  }
}
