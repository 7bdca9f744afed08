import Compute
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Integrator

@Suite("Spherical loss")
struct SphericalLossTests {
  /// In the plane the angle is known: loss θ² / 2, and a gradient of length θ / |u|, across u.
  @Test(arguments: [0, 1e-9, 1e-4, 0.3, 1.5, 3, Double.pi - 1e-4, Double.pi])
  func anglesInThePlane(_ angle: Double) {
    // The target is exact; u is as Float has it.
    let u = [Float(2 * cos(angle)), Float(2 * sin(angle))]
    let exact = atan2(Double(u[1]), Double(u[0]))
    let term = SphericalLoss.Term(u[...], [1, 0])
    #expect(abs(term.loss - exact * exact / 2) <= 1e-12 * (1 + exact * exact))
    let length = (Double(u[0]) * Double(u[0]) + Double(u[1]) * Double(u[1])).squareRoot()
    let expected = [-sin(exact), cos(exact)].map { $0 * exact / length }
    // At π there is no direction; very close to it there is.
    for (found, expected) in zip(term.gradient, expected) where exact < Double.pi - 1e-7 {
      #expect(abs(found - expected) <= 1e-9)
    }
    #expect(term.gradient.allSatisfy { $0.isFinite })
  }

  /// Opposite vectors have the largest loss and no gradient, equal ones neither.
  @Test func extremesAreFinite() {
    let opposite = SphericalLoss.Term([-3, 0, 0], [1, 0, 0])
    #expect(abs(opposite.loss - Double.pi * Double.pi / 2) <= 1e-12 && opposite.gradient.allSatisfy { $0 == 0 })
    let equal = SphericalLoss.Term([3, 0, 0], [1, 0, 0])
    #expect(equal.loss == 0 && equal.gradient.allSatisfy { $0 == 0 })
    let nothing = SphericalLoss.Term([0, 0, 0], [1, 0, 0])
    #expect(nothing.loss.isFinite && nothing.gradient.allSatisfy { $0.isFinite })
  }

  @Test(arguments: TestDevice.all)
  func valuesAndGradientsEqualPyTorchs(_ tested: TestDevice) throws {
    let fixture = try IntegratorFixture.contents.get().spherical
    #expect(fixture.cases.count == 3)
    for expected in fixture.cases {
      let tape = Tape()
      let rows = expected.vectors.count / fixture.target.count
      let vectors = tape.watched(try Tensor(expected.vectors, shape: [rows, fixture.target.count], on: tested.device))
      let loss = try SphericalLoss.mean(vectors, to: fixture.target)
      #expect(abs(Double(try loss.values()[0]) - expected.loss) <= 1e-6 * (1e-6 + expected.loss))
      let gradient = try tape.gradients(of: loss, for: [vectors])[0].values()
      expectEqual(gradient, expected.gradient, within: Tolerance(ofLargest: 32))
    }
  }

  /// Behind another operation, and with the factor that arrives.
  @Test func gradientsGoOn() throws {
    let device = TestDevice.all[0].device
    var reproducible = Reproducible(5)
    let x = try Tensor(reproducible.floats(15), shape: [3, 5], on: device)
    let target = reproducible.floats(5)
    let check = try GradientCheck([("x", x)], roundings: 32) { operands, _ in
      try SphericalLoss.mean(operands[0].unitRows(), to: target).affine(scale: 3, shift: 1)
    }
    #expect(check.isSound, "\(check.findings)")
  }

  @Test func otherWidthsAreRefused() throws {
    let x = try Tensor.filled(1, shape: [2, 3], on: TestDevice.all[0].device)
    #expect(throws: ShapeError.self) { try SphericalLoss.mean(x, to: [1, 0]) }
  }
}
