public import Foundation

/// A model in the Open Neural Network Exchange format (onnx.ai), operator set 17.
///
/// Field numbers are those of onnx.proto; only what an inference graph needs is written.
public struct ONNXModel: Sendable {
  public var graph: ONNXGraph
  /// Text about the model, for people and for the program that runs it.
  public var metadata: [(key: String, value: String)]
  public var producer: String
  public var producerVersion: String
  public var documentation: String

  public init(
    graph: ONNXGraph, metadata: [(key: String, value: String)], producer: String, producerVersion: String,
    documentation: String
  ) {
    self.graph = graph
    self.metadata = metadata
    self.producer = producer
    self.producerVersion = producerVersion
    self.documentation = documentation
  }

  public static let operatorSet = 17
  /// The format's version that came with operator set 17.
  private static let formatVersion = 8
  /// Readers refuse messages of 2 GiB; larger models would need their tensors in files beside them.
  package static let largestFile = Int(Int32.max)

  /// The file's bytes.
  ///
  /// - Throws: ``ONNXError/tooLarge(bytes:)``.
  public func encoded() throws(ONNXError) -> Data { try encoded(largest: Self.largestFile) }

  /// - largest: bytes that the file may have
  package func encoded(largest: Int) throws(ONNXError) -> Data {
    var model = ProtobufMessage()
    model.add(1, Int64(Self.formatVersion))
    model.add(2, producer)
    model.add(3, producerVersion)
    model.add(6, documentation)
    model.add(7, graph.message)
    var operators = ProtobufMessage()
    operators.add(1, "")
    operators.add(2, Int64(Self.operatorSet))
    model.add(8, operators)
    for (key, value) in metadata {
      var entry = ProtobufMessage()
      entry.add(1, key)
      entry.add(2, value)
      model.add(14, entry)
    }
    guard model.byteCount <= largest else { throw .tooLarge(bytes: model.byteCount) }
    return model.encoded()
  }
}

/// What can be wrong with a model that is to be written as ONNX.
public enum ONNXError: Error, Hashable, Sendable, CustomStringConvertible {
  case tooLarge(bytes: Int)

  public var description: String {
    switch self {
    case .tooLarge(let bytes):
      "The ONNX file would have \(bytes) bytes, but the format ends at 2 GiB; train with a smaller memory bank (--coreset)."
    }
  }
}
