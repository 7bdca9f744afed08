import ComputeOpenCL

/// One failing call.
struct Fault: CustomStringConvertible {
  let function: String
  /// Which call fails, from 1.
  let call: Int
  let code: Int
  let lasting: OpenCLFaults.Lasting

  /// Codes that drivers are known to return: allocation, resources, host memory, build, wait list, a dead queue, group and
  /// buffer sizes, no platform, and NVIDIA's own.
  static let codes = [-4, -5, -6, -11, -14, -36, -54, -61, -1001, -9999]

  var description: String { "\(function) \(call) \(code) \(lasting)" }

  init(function: String, call: Int, code: Int, lasting: OpenCLFaults.Lasting) {
    self.function = function
    self.call = call
    self.code = code
    self.lasting = lasting
  }

  /// Reads what `description` prints.
  init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 4, OpenCLFaults.functions.contains(words[0]), let call = Int(words[1]),
      let code = Int(words[2]), let lasting = OpenCLFaults.Lasting.allCases.first(where: { "\($0)" == words[3] })
    else { return nil }
    self.init(function: words[0], call: call, code: code, lasting: lasting)
  }
}
