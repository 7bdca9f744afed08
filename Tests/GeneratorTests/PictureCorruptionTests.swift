import Compute
import Generator
import Tensors
import TestSupport
import Testing

@Suite("Pictures spoiled on purpose")
struct PictureCorruptionTests {
  @Test(arguments: TestDevice.all)
  func blursAreSciPys(_ tested: TestDevice) throws {
    for blur in try QualityFixture.read.get().blurs {
      let pictures = try Tensor(
        VQGANFixture.hashed("pictures", blur.values.count), shape: Shape(blur.shape), on: tested.device)
      let blurred = try PictureCorruption.blur(sigma: blur.sigma).applied(to: pictures, RandomKey(seed: 0))
      #expect(blurred.shape == pictures.shape)
      // Eight decimals in the file.
      try expectEqual(blurred.values(), blur.values, within: Tolerance(ofLargest: 16, absolute: 1e-8))
    }
  }

  /// Pixels as wholes, within each picture, as many as the squares hold.
  @Test(arguments: TestDevice.oneOfEachKind)
  func swapsMoveSquares(_ tested: TestDevice) throws {
    let (height, width) = (14, 9)
    let pixels = 2 * height * width
    // Every pixel has a value of its own in each channel.
    let pictures = try Tensor(
      (0..<pixels * 3).map { Float($0) }, shape: [2, height, width, 3], on: tested.device)
    let key = RandomKey(seed: 3, step: 8)
    let swapped = try PictureCorruption.patchSwaps(count: 1, part: 1.0 / 3).applied(to: pictures, key)
    let found = try swapped.values()
    var moved: [[Int]] = [[], []]
    for pixel in 0..<pixels {
      let source = Int(found[pixel * 3]) / 3
      #expect(found[pixel * 3..<pixel * 3 + 3].elementsEqual((0..<3).map { Float(source * 3 + $0) }))
      // One swap undoes itself.
      #expect(Int(found[source * 3]) / 3 == pixel)
      if source != pixel { moved[pixel / (height * width)].append(source - pixel) }
    }
    // Sides of three pixels, two squares.
    for offsets in moved { #expect(offsets.count == 18 && Set(offsets.map(abs)).count == 1) }
    #expect(moved[0] != moved[1])
    #expect(try found == PictureCorruption.patchSwaps(count: 1, part: 1.0 / 3).applied(to: pictures, key).values())
    let second = try PictureCorruption.patchSwaps(count: 1, part: 1.0 / 3).applied(
      to: pictures.sliced(1..<2), RandomKey(seed: 3, step: 9))
    #expect(try second.values() == Array(found[(pixels * 3 / 2)...]))
    let more = try PictureCorruption.patchSwaps(count: 5, part: 0.2).applied(to: pictures, key).values()
    #expect(more != found && more.sorted() == (0..<pixels * 3).map { Float($0) })
  }

  @Test func whatSpoilsNothingIsRefused() throws {
    let pictures = try Tensor.filled(0.5, shape: [1, 3, 4, 1], on: TestDevice.all[0].device)
    let key = RandomKey(seed: 0)
    for corruption: PictureCorruption in [
      .blur(sigma: 0), .blur(sigma: .nan), .patchSwaps(count: 0, part: 0.2), .patchSwaps(count: 1, part: 0),
      .patchSwaps(count: 1, part: 0.4),
    ] {
      #expect(throws: GeneratorError.self) { try corruption.applied(to: pictures, key) }
    }
    #expect(throws: GeneratorError.self) {
      try PictureCorruption.patchSwaps(count: 1, part: 0.2).applied(to: pictures.reshaped(to: [3, 4]), key)
    }
    #expect(throws: GeneratorError.self) {
      try PictureCorruption.patchSwaps(count: 1, part: 0.2).applied(to: pictures.reshaped(to: [1, 2, 6, 1]), key)
    }
  }
}
