import Compute
import Testing

@Suite("What a convolution accepts")
struct ConvolutionProblemTests {
  @Test func outputExtentsFollowTheFormula() throws {
    let p = try ConvolutionProblem(
      input: [2, 14, 9, 6], weight: [5, 2, 3, 8], stride: Extent2D(3, 1),
      padding: Padding(top: 4, left: 0, bottom: 0, right: 1), dilation: Extent2D(2, 1), groups: 2)
    #expect(p.output == [2, 4, 9, 8])
    #expect(p.floatingPointOperations == 2 * 2 * 4 * 9 * 8 * 5 * 2 * 3)
  }

  @Test func channelsMustDivideIntoGroups() {
    #expect(throws: ShapeError.notDivisible(operation: "convolve", what: "input channels", value: 5, by: 2)) {
      try ConvolutionProblem(input: [1, 4, 4, 5], weight: [1, 1, 2, 4], groups: 2)
    }
    #expect(throws: ShapeError.notDivisible(operation: "convolve", what: "output channels", value: 3, by: 2)) {
      try ConvolutionProblem(input: [1, 4, 4, 4], weight: [1, 1, 2, 3], groups: 2)
    }
  }

  @Test func aKernelLargerThanThePaddedPictureThrows() {
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [1, 4, 2, 1], weight: [3, 3, 1, 1]) }
    #expect(throws: Never.self) { try ConvolutionProblem(input: [1, 4, 1, 1], weight: [3, 3, 1, 1], padding: 1) }
  }

  /// Picture's side, channels, outputs, batch.
  @Test(arguments: [
    (64, 64, 64, 1, ConvolutionAlgorithm.winograd4), (16, 256, 256, 1, .winograd4),
    // 4 tiles of 4 x 4 fill half a block, 16 of 2 x 2 fill two.
    (8, 512, 512, 1, .winograd2), (8, 512, 512, 8, .winograd4), (7, 64, 64, 1, .winograd2),
    (4, 64, 64, 1, .direct), (2, 64, 64, 1, .direct), (64, 16, 64, 1, .direct), (64, 64, 16, 1, .direct),
    (64, 40, 64, 1, .direct),
  ])
  func theAlgorithmThatMultipliesLeastIsChosen(
    _ side: Int, _ channels: Int, _ outputs: Int, _ batch: Int, _ expected: ConvolutionAlgorithm
  ) throws {
    let p = try ConvolutionProblem(
      input: [batch, side, side, channels], weight: [3, 3, channels, outputs], padding: 1)
    #expect(p.chosenAlgorithm == expected)
  }

  /// Panels of 32 outputs, 8 tiles in registers.
  @Test func fewTilesAreTakenByPanels() throws {
    func parts(_ batch: Int, outputs: Int, cores: Int, memory: Int = .max) throws -> WinogradTaps? {
      let p = try ConvolutionProblem(
        input: [batch, 16, 16, 64], weight: [3, 3, 64, outputs], padding: 1, algorithm: .winograd4)
      return WinogradTaps(p, p.winogradTiles(.winograd4), panel: 32, rows: 8, cores: cores, memory: memory)
    }
    let two = try #require(try parts(1, outputs: 500, cores: 2))
    #expect((two.tiles, two.panels, two.panelsPerTask, two.tasks) == (16, 16, 4, 4))
    #expect(two.inputCount == 36 * (16 * 48 + 16) && two.weightCount == 36 * (32 * 32 + 16))
    #expect(two.productCount == 36 * 16 * 32 * 4)
    // Every core has a panel, or there is another way; so it is with more tiles than 32, and too little memory for one panel.
    #expect(try parts(1, outputs: 500, cores: 7)?.panelsPerTask == 3)
    #expect(try parts(1, outputs: 500, cores: 16)?.panelsPerTask == 1)
    #expect(try parts(1, outputs: 500, cores: 17) == nil)
    #expect(try parts(2, outputs: 500, cores: 2)?.tiles == 32)
    #expect(try parts(3, outputs: 500, cores: 2) == nil)
    let least = two.inputCount + two.weightCount + two.productCount / 4
    #expect(try parts(1, outputs: 500, cores: 2, memory: least + two.productCount / 2)?.panelsPerTask == 3)
    #expect(try parts(1, outputs: 500, cores: 2, memory: least)?.panelsPerTask == 1)
    #expect(try parts(1, outputs: 500, cores: 2, memory: least - 1) == nil)
  }

  @Test func whatWinogradCannotDoIsDirectOrRefused() throws {
    let input: Shape = [1, 32, 32, 64]
    for (weight, stride, dilation, groups) in [
      ([5, 3, 64, 64] as Shape, 1, 1, 1), ([3, 3, 64, 64], 2, 1, 1), ([3, 3, 64, 64], 1, 2, 1),
      ([3, 3, 32, 64], 1, 1, 2),
    ] as [(Shape, Extent2D, Extent2D, Int)] {
      let p = try ConvolutionProblem(input: input, weight: weight, stride: stride, dilation: dilation, groups: groups)
      #expect(p.chosenAlgorithm == .direct)
      #expect(throws: ShapeError.self) {
        try ConvolutionProblem(
          input: input, weight: weight, stride: stride, dilation: dilation, groups: groups, algorithm: .winograd2)
      }
    }
    #expect(throws: ShapeError.self) {
      try ConvolutionProblem(input: [1, 32, 32, 24], weight: [3, 3, 24, 64], algorithm: .winograd4)
    }
  }

  @Test func nonsenseThrowsInsteadOfTrapping() {
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [1, 4, 4], weight: [1, 1, 4, 4]) }
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [1, 4, 4, 1], weight: [1, 1, 1]) }
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [1, 4, 4, 1], weight: [1, 1, 1, 1], stride: 0) }
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [1, 4, 4, 1], weight: [1, 1, 1, 1], groups: 0) }
    #expect(throws: ShapeError.self) { try ConvolutionProblem(input: [0, 4, 4, 1], weight: [1, 1, 1, 1]) }
    #expect(throws: ShapeError.self) {
      try ConvolutionProblem(
        input: [1, 4, 4, 1], weight: [1, 1, 1, 1], padding: Padding(top: -1, left: 0, bottom: 0, right: 0))
    }
    #expect(throws: ShapeError.tooLarge(operation: "convolve", shape: [70000, 70000, 1, 1])) {
      try ConvolutionProblem(input: [70000, 70000, 1, 1], weight: [1, 1, 1, 1])
    }
    #expect(throws: ShapeError.self) {
      try ConvolutionProblem(input: [.max, .max, .max, .max], weight: [1, 1, .max, 1])
    }
  }

  @Test func samePaddingPutsTheOddPixelAfter() {
    #expect(
      Padding.same(height: 224, width: 225, kernel: 3, stride: 2) == Padding(top: 0, left: 1, bottom: 1, right: 1))
    #expect(Padding.same(height: 7, width: 7, kernel: 5, stride: 1) == 2)
  }
}
