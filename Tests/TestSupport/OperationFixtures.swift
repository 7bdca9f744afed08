import Checkpoints
public import Compute
import Foundation
public import Tensors
public import Testing

/// One case of `operations.safetensors`: an operation's inputs and parameters, and PyTorch's results.
public struct OperationCase: Sendable, Decodable, CustomTestStringConvertible {
  public let name: String
  public let family: String
  public let integers: [String: [Int]]
  public let numbers: [String: Double]
  public let texts: [String: String]
  /// The file's name of the tensor in each role.
  let tensors: [String: String]
  public var testDescription: String { name }

  public var roles: [String] { Array(tensors.keys) }
  public func has(_ role: String) -> Bool { tensors[role] != nil }
  public func shape(_ role: String) throws -> Shape { Shape(try file().shape(of: stored(role))) }
  public func values(_ role: String) throws -> [Float] { try file().tensor(named: stored(role)).values }
  public func indices(_ role: String) throws -> [Int32] {
    try file().integers(named: stored(role)).map(Int32.init)
  }

  public func tensor(_ role: String, on device: any Device) throws -> Tensor {
    try Tensor(values(role), shape: shape(role), on: device)
  }
  public func optionalTensor(_ role: String, on device: any Device) throws -> Tensor? {
    has(role) ? try tensor(role, on: device) : nil
  }

  public func integer(_ name: String) throws -> Int { try #require(integers[name]?.first, "\(self.name): \(name)") }
  public func flag(_ name: String) throws -> Bool { try integer(name) != 0 }
  public func number(_ name: String) throws -> Double { try #require(numbers[name], "\(self.name): \(name)") }
  public func text(_ name: String) throws -> String { try #require(texts[name], "\(self.name): \(name)") }
  public func extent(_ name: String) throws -> Extent2D {
    let values = try #require(integers[name])
    return Extent2D(values[0], values[1])
  }
  public func padding() throws -> Padding {
    let values = try #require(integers["padding"])
    return Padding(top: values[0], left: values[1], bottom: values[2], right: values[3])
  }

  private func stored(_ role: String) throws -> String { try #require(tensors[role], "\(name): \(role)") }
  private func file() throws -> SafetensorsFile { try OperationFixtures.contents.get().file }
}

/// The cases that `make_operation_fixtures.py` wrote.
public enum OperationFixtures {
  static let contents = Result {
    let file = try SafetensorsFile(path: Fixtures.path("operations.safetensors"))
    let cases = try JSONDecoder().decode([OperationCase].self, from: Data((file.metadata["cases"] ?? "").utf8))
    return (file: file, cases: cases)
  }

  /// The cases of a family; a file that cannot be read gives none, which a test of their number shows.
  public static func cases(_ family: String) -> [OperationCase] {
    (try? contents.get().cases)?.filter { $0.family == family } ?? []
  }

  /// Cases by family.
  public static func counts() throws -> [String: Int] {
    try Dictionary(grouping: contents.get().cases, by: \.family).mapValues(\.count)
  }
}

extension RawRepresentable where Self: CaseIterable {
  /// The case whose name in the source is `name`.
  public static func named(_ name: String) throws -> Self {
    try #require(allCases.first { "\($0)" == name }, "no case named \(name)")
  }
}
