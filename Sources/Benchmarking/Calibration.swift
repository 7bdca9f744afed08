package import Compute

/// The same arithmetic before and after a case: where its speed has changed, so may the case's have.
package struct Calibration {
  private let measurement: RoofMeasurement

  package init(_ device: any Device & RoofKernels) throws {
    measurement = try RoofMeasurement(device)
  }

  /// 10⁹ floating-point operations a second, now.
  package func measure() throws -> Double { try measurement.multiplyAdd(5) }

  /// Whether two of them differ by more than a twentieth of the larger.
  package static func isUnstable(_ before: Double, _ after: Double) -> Bool {
    !(abs(before - after) <= 0.05 * max(before, after))
  }
}
