import Foundation
import ONNX
import TestSupport
import Testing

@Suite("Protocol Buffers' wire format")
struct ProtobufMessageTests {
  /// Bytes from the format's documentation, and made by Google's library.
  @Test func fieldsHaveTheirDocumentedBytes() {
    var message = ProtobufMessage()
    message.add(1, Int64(150))
    message.add(2, "testing")
    message.add(3, Float(1.5))
    message.add(16, Int64(-1))
    message.add(4, Int64(0))
    var inner = ProtobufMessage()
    inner.add(1, Int64(127))
    inner.add(1, Int64(128))
    message.add(5, inner)
    message.add(6, Data())
    let expected: [UInt8] =
      [0x08, 0x96, 0x01, 0x12, 0x07] + Array("testing".utf8) + [0x1D, 0x00, 0x00, 0xC0, 0x3F, 0x80, 0x01]
      + [UInt8](repeating: 0xFF, count: 9) + [0x01, 0x20, 0x00, 0x2A, 0x05, 0x08, 0x7F, 0x08, 0x80, 0x01, 0x32, 0x00]
    #expect([UInt8](message.encoded()) == expected)
    #expect(message.byteCount == expected.count)
  }

  @Test func longMessagesStateTheirLength() throws {
    var inner = ProtobufMessage()
    inner.add(9, Data(repeating: 7, count: 300))
    var outer = ProtobufMessage()
    outer.add(7, inner)
    let read = try ProtobufReader(outer.encoded())
    #expect(try read.messages(7).first?.data(9) == Data(repeating: 7, count: 300))
  }
}

@Suite("ONNX files")
struct ONNXModelTests {
  private static let model = {
    var graph = ONNXGraph(name: "test")
    graph.inputs = [.init(name: "x", shape: [1, 3, 5, 7])]
    let weight = graph.constant("w", [1, -2, 0.5], shape: [1, 3, 1, 1])
    graph.add("Conv", ["x", weight], as: "y", ["pads": .integers([0, 1, 2, -1]), "group": .integer(1)])
    let count = graph.constant("k", [4, -5])
    graph.add("TopK", ["y", count], as: ["values", "rows"], ["mode": .text("linear"), "alpha": .float(-2)])
    graph.outputs = [.init(name: "values", shape: [1]), .init(name: "y", shape: [1, 1, 5, 7])]
    return ONNXModel(
      graph: graph, metadata: [("threshold", "1.5"), ("name", "Prüfling")], producer: "flawless",
      producerVersion: "0.1", documentation: "what goes in")
  }()

  @Test func everyFieldIsWhereTheSpecificationPutsIt() throws {
    let found = try DecodedONNX(Self.model.encoded())
    #expect(found.file.integers(1) == [8])
    #expect(found.file.texts(2) == ["flawless"])
    #expect(found.file.texts(3) == ["0.1"])
    #expect(found.file.texts(6) == ["what goes in"])
    #expect(try found.file.messages(8).map { [$0.texts(1)[0], "\($0.integers(2))"] } == [["", "[17]"]])
    #expect(found.metadata == ["threshold": "1.5", "name": "Prüfling"])
    #expect(found.inputs.map(\.name) == ["x"] && found.inputs[0].shape == [1, 3, 5, 7] && found.inputs[0].type == 1)
    #expect(found.outputs.map(\.name) == ["values", "y"] && found.outputs[1].shape == [1, 1, 5, 7])
    #expect(found.nodes.map(\.operation) == ["Conv", "TopK"])
    #expect(found.nodes[1].inputs == ["y", "k"] && found.nodes[1].outputs == ["values", "rows"])
    #expect(found.nodes[0].integers("pads") == [0, 1, 2, -1])
    #expect(found.nodes[0].integers("group") == [1])
    #expect(found.nodes[1].attributes["mode"]?.texts(4) == ["linear"])
    #expect(found.nodes[1].attributes["alpha"]?.floats(2) == [-2])
    // The type of each: ints 7, int 2, string 3, float 1.
    let types = found.nodes.flatMap { node in node.attributes.map { ($0.key, $0.value.integers(20)) } }
    #expect(Dictionary(uniqueKeysWithValues: types) == ["pads": [7], "group": [2], "mode": [3], "alpha": [1]])
    #expect(found.constants["w"]?.shape == [1, 3, 1, 1] && found.constants["w"]?.floats == [1, -2, 0.5])
    #expect(found.constants["k"]?.type == 7 && found.constants["k"]?.integers == [4, -5])
  }

  @Test func filesAboveTheFormatsEndAreRefused() throws {
    let bytes = try Self.model.encoded().count
    #expect(try Self.model.encoded(largest: bytes).count == bytes)
    let error = #expect(throws: ONNXError.self) { try Self.model.encoded(largest: bytes - 1) }
    #expect(error == .tooLarge(bytes: bytes))
    #expect(error?.description.contains("2 GiB") == true)
    #expect(ONNXModel.largestFile == 0x7FFF_FFFF)
  }
}
