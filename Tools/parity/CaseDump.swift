import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// A case's arrays as text files: one value a line, after a line with name and shape.
struct CaseDump {
  let made: OpCase
  let fill: Fill
  let options: CaseOptions

  init(_ made: OpCase, _ fill: Fill, options: CaseOptions) {
    self.made = made
    self.fill = fill
    self.options = options
  }

  func write(to folder: String, _ variants: [Variant]) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let prepared = made.prepared(fill, seed: options.seed)
    for (index, array) in made.arrays.enumerated() where array.role != .output {
      try write(prepared.input(index), "\(folder)/\(array.name).txt", array)
    }
    let outputs = made.outputs.map { made.arrays[$0] }
    for (array, expected) in zip(outputs, prepared.expected) {
      let lines: [String] =
        switch expected {
        case .floats(let values, let allowed, _): zip(values, allowed).map { "\($0) \($1)" }
        case .integers(let values, _): values.map(String.init)
        }
      try write(lines, "\(folder)/\(array.name).expected.txt", array)
    }
    for variant in variants {
      let result = try made.result(prepared, on: variant.device, options)
      for (array, values) in zip(outputs, result.outputs) {
        try write(values, "\(folder)/\(array.name).\(variant.name).txt", array)
      }
    }
  }

  private func write(_ values: HostArray, _ path: String, _ array: OpArray) throws {
    switch values {
    case .floats(let values): try write(values.map { "\($0)" }, path, array)
    case .integers(let values): try write(values.map { "\($0)" }, path, array)
    }
  }

  private func write(_ lines: [String], _ path: String, _ array: OpArray) throws {
    let text = (["# \(array.name) \(array.shape)"] + lines).joined(separator: "\n") + "\n"
    try OutputFile.write(Data(text.utf8), to: path)
  }
}
