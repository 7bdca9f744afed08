/// Work that keeps one unit of a device busy and does nothing else, for measurements of what the device can do.
package protocol RoofKernels: AnyObject {
  /// Elements that a scratch array must have, with values between 0 and 1.
  var roofScratchCount: Int { get }
  /// Chains of multiply-adds that do not wait for each other.
  ///
  /// - result: floating-point operations of the launch, two a multiply-add
  func roofMultiplyAdd(rounds: Int, _ scratch: Storage) throws -> Int
  /// - result: exponentials of the launch
  func roofExponential(rounds: Int, _ scratch: Storage) throws -> Int
  /// Copies `x`, a multiple of ``roofStrip`` elements.
  func roofCopy(_ x: Storage, into y: Storage) throws
  /// Reads `x`, a multiple of ``roofStrip`` elements, and writes a few sums.
  func roofRead(_ x: Storage, into scratch: Storage) throws
  /// Starts the device's work-items, or threads, for nothing.
  func roofEmpty(_ scratch: Storage) throws
}

/// Floats that one task of a copy or a sum takes (STRIP in the kernels).
package let roofStrip = 2048
