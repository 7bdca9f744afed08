public import Foundation

/// Reads Protocol Buffers' wire format, knowing nothing of the program's writer.
public struct ProtobufReader: Sendable {
  public struct Damaged: Error { let offset: Int }

  public enum Value: Sendable {
    case integer(UInt64)
    case float(Float)
    case bytes(Data)
  }

  /// In the message's order.
  public let fields: [(number: Int, value: Value)]

  public init(_ data: Data) throws {
    let bytes = [UInt8](data)
    var position = 0
    func varint() throws -> UInt64 {
      var (value, shift): (UInt64, UInt64) = (0, 0)
      while true {
        guard position < bytes.count, shift < 70 else { throw Damaged(offset: position) }
        let byte = bytes[position]
        position += 1
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { return value }
      }
    }
    func take(_ count: Int) throws -> Data {
      guard count >= 0, count <= bytes.count - position else { throw Damaged(offset: position) }
      defer { position += count }
      return data.subdata(in: (data.startIndex + position)..<(data.startIndex + position + count))
    }
    var fields: [(number: Int, value: Value)] = []
    while position < bytes.count {
      let key = try varint()
      let value: Value
      switch key & 7 {
      case 0: value = .integer(try varint())
      case 2: value = .bytes(try take(Int(clamping: varint())))
      case 5:
        let bits = try take(4).enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << (8 * UInt32($1.offset)) }
        value = .float(Float(bitPattern: bits))
      default: throw Damaged(offset: position)
      }
      fields.append((Int(key >> 3), value))
    }
    self.fields = fields
  }

  public func all(_ number: Int) -> [Value] { fields.filter { $0.number == number }.map(\.value) }

  public func messages(_ number: Int) throws -> [ProtobufReader] {
    try all(number).compactMap { if case .bytes(let data) = $0 { try ProtobufReader(data) } else { nil } }
  }

  public func texts(_ number: Int) -> [String] {
    all(number).compactMap { if case .bytes(let data) = $0 { String(decoding: data, as: UTF8.self) } else { nil } }
  }

  public func integers(_ number: Int) -> [Int] {
    all(number).compactMap { if case .integer(let value) = $0 { Int(Int64(bitPattern: value)) } else { nil } }
  }

  public func floats(_ number: Int) -> [Float] {
    all(number).compactMap { if case .float(let value) = $0 { value } else { nil } }
  }

  public func data(_ number: Int) -> Data? {
    all(number).compactMap { if case .bytes(let data) = $0 { data } else { nil } }.first
  }
}

/// An ONNX file as its specification, onnx.proto, describes it.
public struct DecodedONNX: Sendable {
  public struct Node: Sendable {
    public let operation: String
    public let inputs, outputs: [String]
    public let attributes: [String: ProtobufReader]

    /// Field 8 of an attribute, or field 3 for one integer.
    public func integers(_ name: String) -> [Int]? {
      attributes[name].map { $0.integers(8).isEmpty ? $0.integers(3) : $0.integers(8) }
    }
  }

  public struct Constant: Sendable {
    public let shape: [Int]
    /// 1 for floats, 7 for 64-bit integers.
    public let type: Int
    public let bytes: Data

    public var floats: [Float] {
      [UInt8](bytes).withUnsafeBytes { raw in
        (0..<(raw.count / 4)).map { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
      }
    }
    public var integers: [Int] {
      [UInt8](bytes).withUnsafeBytes { raw in
        (0..<(raw.count / 8)).map { Int(raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
      }
    }
  }

  public let file: ProtobufReader
  public let nodes: [Node]
  public let constants: [String: Constant]
  public let constantCount: Int
  /// Names and shapes; all must be of floats.
  public let inputs, outputs: [(name: String, shape: [Int], type: Int)]
  public let metadata: [String: String]

  public init(_ data: Data) throws {
    file = try ProtobufReader(data)
    guard let graph = try file.messages(7).first else { throw ProtobufReader.Damaged(offset: 0) }
    nodes = try graph.messages(1).map { node in
      Node(
        operation: node.texts(4)[0], inputs: node.texts(1), outputs: node.texts(2),
        attributes: Dictionary(
          try node.messages(5).map { ($0.texts(1)[0], $0) }, uniquingKeysWith: { first, _ in first }))
    }
    let tensors = try graph.messages(5)
    constantCount = tensors.count
    constants = Dictionary(
      tensors.map { tensor in
        (
          tensor.texts(8)[0],
          Constant(shape: tensor.integers(1), type: tensor.integers(2)[0], bytes: tensor.data(9) ?? Data())
        )
      }, uniquingKeysWith: { first, _ in first })
    func values(_ number: Int) throws -> [(name: String, shape: [Int], type: Int)] {
      try graph.messages(number).map { value in
        guard let tensor = try value.messages(2).first?.messages(1).first, let shape = try tensor.messages(2).first
        else { throw ProtobufReader.Damaged(offset: 0) }
        return (value.texts(1)[0], try shape.messages(1).flatMap { $0.integers(1) }, tensor.integers(1)[0])
      }
    }
    inputs = try values(11)
    outputs = try values(12)
    metadata = Dictionary(
      try file.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) }, uniquingKeysWith: { first, _ in first })
  }
}
