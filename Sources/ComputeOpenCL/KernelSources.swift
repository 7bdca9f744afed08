import CKernels
import Compute
import Foundation

/// The kernels' texts: from the binary, or from a folder while they are being written.
struct KernelSources: Sendable {
  /// Names a folder whose files replace the embedded ones.
  static let environmentVariable = "FLAWLESS_KERNELS"
  /// Those that the environment asks for.
  static let standard = KernelSources(folder: environmentFolder)
  private static let environmentFolder = ProcessInfo.processInfo.environment[environmentVariable].flatMap {
    $0.isEmpty ? nil : $0
  }

  /// The names of the embedded files, without ".cl".
  static let names = (0..<ckernels_count()).map { String(cString: ckernels_name($0)) }

  static let embedded = Dictionary(
    uniqueKeysWithValues: (0..<ckernels_count()).map {
      (String(cString: ckernels_name($0)), String(cString: ckernels_source($0)))
    })

  /// The folder that they come from; nil for the embedded ones.
  let folder: String?

  /// The text of a file of `Kernels/` with the prelude before it, so that messages of compilers name file and line.
  ///
  /// - program: the file's name, and a number that its text calls M where it is built for several
  /// - Throws: ``DeviceError/build(file:options:log:)`` when the folder lacks the file.
  func program(_ program: String) throws(DeviceError) -> String {
    let file = String(program.prefix { !$0.isNumber })
    let number = program.dropFirst(file.count)
    return (number.isEmpty ? "" : "#define M \(number)\n")
      + "#line 1 \"prelude.cl\"\n\(try text("prelude"))\n" + (try included(file))
  }

  /// A file's text with those of the files that its lines `#include "…"` name in their place.
  private func included(_ file: String) throws(DeviceError) -> String {
    var lines = "#line 1 \"\(file).cl\"\n"
    for (number, line) in try text(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if let name = line.wholeMatch(of: /#include "(\w+)\.cl"/)?.1 {
        lines += "\(try included(String(name)))#line \(number + 2) \"\(file).cl\"\n"
      } else {
        lines += "\(line)\n"
      }
    }
    return lines
  }

  /// The names of a file's kernels, from its text.
  func kernels(of file: String) throws(DeviceError) -> [String] {
    try text(file).matches(of: /kernel void (\w+)\(/).map { String($0.1) }
  }

  func text(_ file: String) throws(DeviceError) -> String {
    guard let folder else {
      guard let text = Self.embedded[file] else {
        throw .build(file: "\(file).cl", options: "", log: "there is no such file in the program")
      }
      return text
    }
    guard let text = try? String(contentsOfFile: "\(folder)/\(file).cl", encoding: .utf8) else {
      throw .build(file: "\(file).cl", options: "", log: "it is not in \(folder)")
    }
    return text
  }
}
