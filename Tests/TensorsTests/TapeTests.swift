import Compute
import ComputeCPU
import Tensors
import TestSupport
import Testing

@Suite("Tape")
struct TapeTests {
  private func tensor(_ values: [Float], _ tested: TestDevice) throws -> Tensor {
    try Tensor(values, shape: [values.count], on: tested.device)
  }

  @Test(arguments: TestDevice.all)
  func constantsAreNotRecorded(_ tested: TestDevice) throws {
    let tape = Tape()
    let (constant, leaf) = (try tensor([1, 2], tested), tape.watched(try tensor([3, 4], tested)))
    _ = try constant.combined(.add, with: constant)
    _ = try leaf.detached.mapped(.square)
    #expect(tape.count == 1)
    _ = try constant.combined(.multiply, with: leaf)
    #expect(tape.count == 2)
  }

  @Test(arguments: TestDevice.all)
  func parametersAddUpUntilTheyForget(_ tested: TestDevice) throws {
    let parameter = try Parameter("w", tensor([2, 3], tested))
    func step(_ scale: Float) throws {
      let tape = Tape()
      let w = parameter.tensor(on: tape)
      // Two uses of one leaf: w² · scale + w.
      try tape.carryBack(
        from: w.combined(.multiply, with: w).affine(scale: scale, shift: 0).combined(
          .add, with: parameter.tensor(on: tape)))
    }
    #expect(!parameter.hasGradient)
    try step(1)
    #expect(try parameter.gradient.values() == [5, 7])
    try step(2)
    #expect(try parameter.gradient.values() == [14, 20])
    parameter.forgetGradient()
    try step(1)
    #expect(try parameter.gradient.values() == [5, 7])
  }

  @Test(arguments: TestDevice.all)
  func frozenParametersAreConstants(_ tested: TestDevice) throws {
    let (frozen, trained) = (try Parameter("f", tensor([2], tested)), try Parameter("t", tensor([3], tested)))
    frozen.isTrainable = false
    let tape = Tape()
    try tape.carryBack(from: frozen.tensor(on: tape).combined(.multiply, with: trained.tensor(on: tape)))
    #expect(!frozen.hasGradient)
    #expect(try trained.gradient.values() == [2])
  }

  @Test(arguments: TestDevice.all)
  func gradientsThatAreAskedForLeaveParametersAlone(_ tested: TestDevice) throws {
    let parameter = try Parameter("w", tensor([2, 3], tested))
    let tape = Tape()
    let (x, other) = (tape.watched(try tensor([5, 7], tested)), tape.watched(try tensor([1, 1], tested)))
    let w = parameter.tensor(on: tape)
    let loss = try x.combined(.multiply, with: w)
    let gradients = try tape.gradients(of: loss, for: [x, w, other], keepingTape: true)
    #expect(try gradients.map { try $0.values() } == [[2, 3], [5, 7], [0, 0]])
    #expect(!parameter.hasGradient)
    // The tape was kept, so it serves once more.
    try tape.carryBack(from: loss)
    #expect(try parameter.gradient.values() == [5, 7])
  }

  @Test(arguments: TestDevice.all)
  func sharedGradientsAreNotAddedToInPlace(_ tested: TestDevice) throws {
    // Both operands of the sum get one array; x's is then added to, and y's must not change with it.
    let tape = Tape()
    let (x, y) = (tape.watched(try tensor([1, 2], tested)), tape.watched(try tensor([3, 4], tested)))
    let sum = try x.affine(scale: 3, shift: 0).combined(.add, with: x.combined(.add, with: y))
    let gradients = try tape.gradients(of: sum, for: [x, y])
    #expect(try gradients.map { try $0.values() } == [[4, 4], [1, 1]])
  }

  @Test(arguments: TestDevice.all)
  func aSpentTapeSaysSo(_ tested: TestDevice) throws {
    let tape = Tape()
    let x = tape.watched(try tensor([1], tested))
    let loss = try x.mapped(.square)
    _ = try tape.gradients(of: loss, for: [x])
    #expect(throws: TapeError.spent) { try tape.gradients(of: loss, for: [x]) }
  }

  @Test(arguments: TestDevice.all)
  func whatIsNotOnTheTapeIsNamed(_ tested: TestDevice) throws {
    let (tape, x) = (Tape(), try tensor([1], tested))
    #expect(throws: TapeError.notRecorded("The loss")) { try tape.carryBack(from: x) }
    let loss = tape.watched(x)
    #expect(throws: TapeError.notRecorded("A tensor whose gradient is asked for")) {
      try tape.gradients(of: loss, for: [x])
    }
  }

  @Test(arguments: TestDevice.all)
  func anOutputGradientMustFit(_ tested: TestDevice) throws {
    let tape = Tape()
    let x = tape.watched(try tensor([1, 2], tested))
    let loss = try x.mapped(.square)
    #expect(throws: ShapeError.self) { try tape.carryBack(from: loss, outputGradient: tensor([1, 2, 3], tested)) }
  }

  /// What closures keep goes with them: after a walk only values that a program still holds are in memory.
  @Test func memoryIsFreedOnTheWay() throws {
    let (count, steps) = (1 << 16, 12)
    // A device of its own: others allocate on the shared ones at the same time.
    let device = CPUDevice(threads: 1)
    let parameter = try Parameter("w", Tensor([Float](repeating: 0.5, count: count), shape: [count], on: device))
    let before = device.memoryUse.inUse
    let tape = Tape()
    var x = parameter.tensor(on: tape)
    for _ in 0..<steps { x = try x.mapped(.square) }
    let recorded = device.memoryUse.inUse - before
    #expect(recorded >= steps * count * 4)
    x = try x.reduced(.sum)
    try tape.carryBack(from: x)
    try device.synchronize()
    #expect(device.memoryUse.inUse - before <= count * 4)
  }

  @Test(arguments: TestDevice.all)
  func aVeryLongTapeIsFreed(_ tested: TestDevice) throws {
    let tape = Tape()
    var x = tape.watched(try tensor([1], tested))
    let first = x
    for _ in 0..<2000 { x = try x.affine(scale: 1, shift: 0) }
    #expect(try tape.gradients(of: x, for: [first])[0].values() == [1])
  }

  /// A part that is computed again gives the same gradients, bit for bit, and its inner values take no memory between.
  @Test(arguments: TestDevice.all + [TestDevice(name: "a device of its own", device: CPUDevice(threads: 1))])
  func recomputedPartsGiveTheSame(_ tested: TestDevice) throws {
    let count = 1 << 14
    let device = tested.device
    let values = (0..<count).map { Float($0 % 17) / 17 - 0.4 }
    func run(recomputing: Bool) throws -> (gradients: [[Float]], kept: Int) {
      let parameter = try Parameter("w", Tensor(values.reversed(), shape: [count], on: device))
      let tape = Tape()
      let x = tape.watched(try Tensor(values, shape: [count], on: device))
      let before = device.memoryUse.inUse
      func part(_ operands: [Tensor], _ tape: Tape?) throws -> Tensor {
        try operands[0].combined(.multiply, with: parameter.tensor(on: tape)).activated(.silu).mapped(.square)
          .activated(.tanh).combined(.add, with: operands[0])
      }
      let y = recomputing ? try tape.recomputed([x], part) : try part([x], tape)
      let kept = device.memoryUse.inUse - before
      let loss = try y.mapped(.square).reduced(.mean)
      let gradient = try tape.gradients(of: loss, for: [x], keepingTape: true)[0].values()
      #expect(!parameter.hasGradient)
      try tape.carryBack(from: loss)
      return ([gradient, try parameter.gradient.values()], kept)
    }
    let (plain, again) = (try run(recomputing: false), try run(recomputing: true))
    #expect(plain.gradients == again.gradients)
    // Other tests allocate on the shared devices at the same time.
    if tested.name == "a device of its own" { #expect(again.kept * 3 <= plain.kept) }
  }
}
