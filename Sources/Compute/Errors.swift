/// A shape, count or parameter that an operation cannot work with.
public enum ShapeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An argument has another shape or count than the operation needs.
  case mismatch(operation: String, argument: String, expected: [Int], found: [Int])
  /// A value must be a multiple of another one.
  case notDivisible(operation: String, what: String, value: Int, by: Int)
  /// A value lies outside its legal range.
  case outOfRange(operation: String, what: String, value: Int, allowed: ClosedRange<Int>)
  /// A tensor would hold more than 2³¹ − 1 elements, which the kernels' 32-bit indices cannot reach.
  case tooLarge(operation: String, shape: [Int])
  /// A way of computing is asked for that does not suit the problem.
  case unsuitable(operation: String, reason: String)

  public var description: String {
    switch self {
    case .mismatch(let operation, let argument, let expected, let found):
      "[\(operation)] \(argument) must be \(expected), found \(found)."
    case .notDivisible(let operation, let what, let value, let divisor):
      "[\(operation)] \(what) must be a multiple of \(divisor), found \(value)."
    case .outOfRange(let operation, let what, let value, let allowed):
      "[\(operation)] \(what) must be \(Self.text(allowed)), found \(value)."
    case .tooLarge(let operation, let shape):
      "[\(operation)] a tensor of shape \(shape) has more than 2147483647 elements; use smaller batches or pictures."
    case .unsuitable(let operation, let reason): "[\(operation)] \(reason)."
    }
  }

  private static func text(_ range: ClosedRange<Int>) -> String {
    if range.lowerBound == range.upperBound { return "\(range.lowerBound)" }
    return range.upperBound == .max
      ? "at least \(range.lowerBound)" : "between \(range.lowerBound) and \(range.upperBound)"
  }
}

/// What can go wrong between the program and a device.
public enum DeviceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A device that was asked for cannot be had.
  case unavailable(requested: String, reason: String)
  /// An allocation failed, or would pass the limit.
  case outOfMemory(requested: Int, inUse: Int, limit: Int?)
  /// A kernel did not compile.
  case build(file: String, options: String, log: String)
  /// A call of the driver failed.
  case call(name: String, code: Int, meaning: String, kernel: String?)
  /// A self-test computed something else than the right result.
  case selfTest(device: String, reason: String)
  /// Two arguments live on different devices.
  case differentDevices(operation: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .unavailable(let requested, let reason):
      "The device '\(requested)' cannot be used: \(reason)."
    case .outOfMemory(let requested, let inUse, let limit):
      "Out of device memory: \(requested) bytes were asked for while \(inUse) were in use"
        + (limit.map { " and the limit is \($0)" } ?? "")
        + "; use smaller batches or pictures, or raise --memory-limit."
    case .build(let file, let options, let log):
      "The kernel file \(file) does not compile on this driver (options: \(options)): \(log)"
    case .call(let name, let code, let meaning, let kernel):
      "The OpenCL driver failed in \(name)" + (kernel.map { " for kernel \($0)" } ?? "") + ": \(meaning) (\(code))."
    case .selfTest(let device, let reason):
      "The device '\(device)' fails its self-test: \(reason)."
    case .differentDevices(let operation, let expected, let found):
      "[\(operation)] all arguments must live on one device, found '\(expected)' and '\(found)'."
    }
  }
}
