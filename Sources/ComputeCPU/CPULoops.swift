import CLoops
package import Compute

/// The C loops in use: all calls of them go through this table. Where calls are short, take the function out of it once
/// before the rows.
var loops: UnsafePointer<fl_table> { fl_loops() }

/// Stands other loops in for the program's own, to see that tests notice broken ones.
package enum CPULoops {
  /// Takes the loops of a shared library built from a copy of `Sources/CLoops`, for the rest of the process, on every CPU
  /// device. Not while one computes.
  ///
  /// - Throws: ``DeviceError/unavailable(requested:reason:)`` when the library cannot be loaded.
  package static func replace(with path: String) throws(DeviceError) {
    guard let reason = fl_swap(path) else { return }
    throw .unavailable(requested: "cpu", reason: String(cString: reason))
  }
}
