import COpenCL

/// Counts a process's calls of OpenCL and makes chosen ones fail, to see that every failure ends in an error and that
/// nothing leaks. For tests and tools: it has to be asked for before the first use of OpenCL.
package enum OpenCLFaults {
  /// What follows the failing call.
  package enum Lasting: Int32, CaseIterable, Codable, Sendable {
    /// Later calls work.
    case once
    /// The function fails for ever.
    case functionForEver
    /// Every function fails for ever, releases too: the device is lost.
    case deviceLost
  }

  /// The functions that can fail, in the order of `COPENCL_FUNCTIONS`.
  package static let functions = (0..<copencl_function_count()).map { String(cString: copencl_function_name($0)) }

  /// Counts calls and objects from the start.
  package static func prepare() {
    precondition(copencl_count_calls() != 0, "OpenCLFaults must be prepared before the first use of OpenCL.")
  }

  /// Counts, and fails the `call`-th call (from 1) of a function with a code; `forEver` means that the device is lost then.
  package static func prepare(function: String, call: Int, code: Int, forEver: Bool) {
    prepare()
    arm(function: function, call: call, code: code, lasting: forEver ? .deviceLost : .once)
  }

  /// Fails the `call`-th call from now on, in place of what was armed before; what was lost is there again.
  package static func arm(function: String, call: Int, code: Int, lasting: Lasting) {
    guard let index = functions.firstIndex(of: function) else {
      preconditionFailure("OpenCLFaults knows no function \(function).")
    }
    copencl_fail(Int32(index), call, Int32(code), lasting.rawValue)
  }

  package static func disarm() { copencl_fail(-1, 0, 0, 0) }

  /// How often a function was called so far, failing calls counted.
  package static func calls(of function: String) -> Int {
    functions.firstIndex(of: function).map { copencl_calls(Int32($0)) } ?? 0
  }

  /// Objects made minus objects released, of each kind: contexts, queues, buffers, programs and kernels. A release that
  /// fails counts, since nothing more can be done about it.
  package static var balances: [String: Int] {
    Dictionary(
      uniqueKeysWithValues: (0..<copencl_object_kind_count()).map {
        (String(cString: copencl_object_kind_name($0)), copencl_balance($0))
      })
  }
}
