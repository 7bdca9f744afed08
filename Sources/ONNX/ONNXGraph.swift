import Foundation

/// The nodes of a model, the constants they read, and what goes in and comes out.
public struct ONNXGraph: Sendable {
  /// An input or output of floats.
  public struct Value: Hashable, Sendable {
    public let name: String
    public let shape: [Int]

    public init(name: String, shape: [Int]) {
      self.name = name
      self.shape = shape
    }
  }

  public enum Attribute: Hashable, Sendable {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
  }

  struct Node: Sendable {
    let operation: String
    let inputs, outputs: [String]
    /// By name.
    let attributes: [String: Attribute]
  }

  struct Constant: Sendable {
    let name: String
    let shape: [Int]
    let type: ElementType
    /// Little-endian, row-major.
    let bytes: Data
  }

  /// Numbers of onnx.proto's TensorProto.DataType.
  enum ElementType: Int64 {
    case float = 1
    case int64 = 7
  }

  public let name: String
  public var inputs: [Value] = []
  public var outputs: [Value] = []
  /// In an order in which they can be run.
  private(set) var nodes: [Node] = []
  private(set) var constants: [Constant] = []

  public init(name: String) { self.name = name }

  /// Appends a node with one output.
  ///
  /// - inputs: names of values; "" for one that is left out
  /// - result: the output's name, which is the node's too
  @discardableResult
  public mutating func add(
    _ operation: String, _ inputs: [String], as name: String, _ attributes: [String: Attribute] = [:]
  ) -> String {
    add(operation, inputs, as: [name], attributes)
    return name
  }

  /// Appends a node with several outputs.
  public mutating func add(
    _ operation: String, _ inputs: [String], as outputs: [String], _ attributes: [String: Attribute] = [:]
  ) {
    nodes.append(Node(operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  /// A constant of floats; returns its name.
  ///
  /// - values: row-major
  public mutating func constant(_ name: String, _ values: [Float], shape: [Int]) -> String {
    precondition(values.count == shape.reduce(1, *), "\(name) has \(values.count) values for \(shape)")
    return constant(name, shape, .float, values.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) })
  }

  /// A vector of integers; returns its name.
  public mutating func constant(_ name: String, _ values: [Int]) -> String {
    constant(name, [values.count], .int64, values.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) })
  }

  private mutating func constant(_ name: String, _ shape: [Int], _ type: ElementType, _ bytes: Data) -> String {
    constants.append(Constant(name: name, shape: shape, type: type, bytes: bytes))
    return name
  }
}

// MARK: - onnx.proto's messages

extension ONNXGraph {
  var message: ProtobufMessage {
    var graph = ProtobufMessage()
    for node in nodes { graph.add(1, node.message) }
    graph.add(2, name)
    for constant in constants { graph.add(5, constant.message) }
    for input in inputs { graph.add(11, input.message) }
    for output in outputs { graph.add(12, output.message) }
    return graph
  }
}

extension ONNXGraph.Node {
  fileprivate var message: ProtobufMessage {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    for output in outputs { node.add(2, output) }
    node.add(3, outputs[0])
    node.add(4, operation)
    for (name, attribute) in attributes.sorted(by: { $0.key < $1.key }) { node.add(5, attribute.message(name)) }
    return node
  }
}

extension ONNXGraph.Attribute {
  /// The type, field 20, must be there as well as the value.
  fileprivate func message(_ name: String) -> ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.add(1, name)
    switch self {
    case .float(let value):
      attribute.add(2, value)
      attribute.add(20, Int64(1))
    case .integer(let value):
      attribute.add(3, Int64(value))
      attribute.add(20, Int64(2))
    case .text(let value):
      attribute.add(4, value)
      attribute.add(20, Int64(3))
    case .integers(let values):
      // Not packed: onnx.proto is of version 2.
      for value in values { attribute.add(8, Int64(value)) }
      attribute.add(20, Int64(7))
    }
    return attribute
  }
}

extension ONNXGraph.Constant {
  fileprivate var message: ProtobufMessage {
    var tensor = ProtobufMessage()
    for extent in shape { tensor.add(1, Int64(extent)) }
    tensor.add(2, type.rawValue)
    tensor.add(8, name)
    tensor.add(9, bytes)
    return tensor
  }
}

extension ONNXGraph.Value {
  fileprivate var message: ProtobufMessage {
    var dimensions = ProtobufMessage()
    for extent in shape {
      var dimension = ProtobufMessage()
      dimension.add(1, Int64(extent))
      dimensions.add(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.add(1, ONNXGraph.ElementType.float.rawValue)
    tensor.add(2, dimensions)
    var type = ProtobufMessage()
    type.add(1, tensor)
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2, type)
    return value
  }
}
