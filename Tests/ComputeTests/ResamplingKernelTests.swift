import Compute
import TestSupport
import Testing

@Suite("Resampling and filtering")
struct ResamplingKernelTests {
  private static let sizes = [
    (1, 1, 1, 1), (1, 1, 5, 7), (4, 6, 1, 1), (16, 16, 32, 32), (5, 7, 13, 3), (31, 17, 8, 64),
  ]

  @Test(arguments: TestDevice.all, ResamplingProblem.Mode.allCases)
  func picturesEqualTheDefinition(_ tested: TestDevice, _ mode: ResamplingProblem.Mode) throws {
    for (height, width, newHeight, newWidth) in Self.sizes {
      let p = try ResamplingProblem(
        mode, input: [2, height, width, 3], outputHeight: newHeight, outputWidth: newWidth)
      var random = Reproducible(height)
      let x = random.floats(p.inputCount)
      let y = try Storage(count: p.outputCount, on: tested.device)
      try tested.device.resample(p, Storage(x, on: tested.device), into: y)
      // Positions are rounded to Float32: up to 64 pixels, an error of 4e-6 of a pixel's difference.
      #expect(try relativeError(y.values(), expected(p, x)) <= 1e-5, "\(p)")
    }
  }

  private func expected(_ p: ResamplingProblem, _ x: [Float]) -> [Double] {
    func source(_ index: Int, _ input: Int, _ output: Int) -> (low: Int, high: Int, part: Double) {
      let position =
        switch p.mode {
        case .nearest: (Double(index * input) / Double(output)).rounded(.down)
        case .bilinearHalfPixel: max((Double(index) + 0.5) * Double(input) / Double(output) - 0.5, 0)
        case .bilinearAlignCorners: output > 1 ? Double(index * (input - 1)) / Double(output - 1) : 0
        }
      let low = min(Int(position), input - 1)
      return (low, min(low + 1, input - 1), position - Double(low))
    }
    var y: [Double] = []
    for picture in 0..<p.batch {
      for row in 0..<p.outputHeight {
        let v = source(row, p.height, p.outputHeight)
        for column in 0..<p.outputWidth {
          let u = source(column, p.width, p.outputWidth)
          for channel in 0..<p.channels {
            func at(_ row: Int, _ column: Int) -> Double {
              Double(x[((picture * p.height + row) * p.width + column) * p.channels + channel])
            }
            let top = at(v.low, u.low) * (1 - u.part) + at(v.low, u.high) * u.part
            let bottom = at(v.high, u.low) * (1 - u.part) + at(v.high, u.high) * u.part
            y.append(p.mode == .nearest ? at(v.low, u.low) : top * (1 - v.part) + bottom * v.part)
          }
        }
      }
    }
    return y
  }

  @Test(arguments: TestDevice.all, [(1, 1, 3), (5, 7, 2), (3, 4, 16), (33, 65, 4), (2, 100, 0)])
  func aFilterReflectsTheEdges(_ tested: TestDevice, _ size: (height: Int, width: Int, radius: Int)) throws {
    let p = try FilteringProblem(batch: 3, height: size.height, width: size.width, radius: size.radius)
    var random = Reproducible(size.width)
    let (x, taps) = (random.floats(p.count), random.floats(p.tapCount))
    let y = try Storage(count: p.count, on: tested.device)
    try tested.device.filter(p, Storage(x, on: tested.device), taps: Storage(taps, on: tested.device), into: y)
    func reflected(_ index: Int, _ count: Int) -> Int {
      let place = ((index % (2 * count)) + 2 * count) % (2 * count)
      return place < count ? place : 2 * count - 1 - place
    }
    var expected: [Double] = []
    for index in 0..<p.count {
      let (picture, row, column) = (index / (p.width * p.height), index / p.width % p.height, index % p.width)
      var sum = 0.0
      for r in -p.radius...p.radius {
        for s in -p.radius...p.radius {
          let pixel = x[(picture * p.height + reflected(row + r, p.height)) * p.width + reflected(column + s, p.width)]
          sum += Double(pixel) * Double(taps[r + p.radius]) * Double(taps[s + p.radius])
        }
      }
      expected.append(sum)
    }
    #expect(try relativeError(y.values(), expected) <= sumTolerance(terms: p.tapCount * p.tapCount))
  }
}
