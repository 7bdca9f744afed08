import Backbones
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `kernel-bench serve`: what another program asks for, line by line.
@Suite("kernel-bench serve")
struct ServeTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serve-\(UUID().uuidString)")

  /// The answers to these requests, the greeting first.
  private func answers(_ requests: [String]) throws -> [[String: Any]] {
    let input = folder.appendingPathComponent("requests").path
    // The last line has no end.
    try Data(requests.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: input))
    let run = try ProgramRun("kernel-bench", ["serve", "--device", "cpu", "--threads", "2", "--quiet"], input: input)
    let outcome = run.wait(seconds: 120)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try outcome.output.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func write(_ tensors: [String: HostTensor], _ name: String) throws -> String {
    let url = folder.appendingPathComponent(name)
    try SafetensorsFile.encoded(tensors).write(to: url)
    return url.path
  }

  private func inFolder(_ body: () throws -> Void) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body()
  }

  @Test func aCaseIsComputedFromFilesAndTimed() throws {
    try inFolder {
      let inputs = try write(
        [
          "a": HostTensor(shape: [1, 2, 3], values: [1, 2, 3, 4, 5, 6]),
          "b": HostTensor(shape: [1, 3, 1], values: [1, 10, 100]),
        ], "in.safetensors")
      let outputs = folder.appendingPathComponent("out.safetensors").path
      let found = try answers([
        #"{"case": "op=multiply m=2 n=1 k=3", "inputs": "\#(inputs)", "outputs": "\#(outputs)"}"#,
        #"{"time": 7, "untimed": 1}"#,
      ])
      #expect(found.count == 3)
      #expect((found[0]["device"] as? String)?.hasPrefix("cpu") == true)
      #expect(found[1]["loaded"] as? String == "op=multiply m=2 n=1 k=3")
      #expect(try #require(found[1]["seconds"] as? Double) > 0)
      #expect(found[2]["launches"] as? Int == 7)
      #expect(try #require(found[2]["seconds"] as? Double) > 0)
      let c = try SafetensorsFile(path: outputs).tensor(named: "c")
      #expect(c == HostTensor(shape: [1, 2, 1], values: [321, 654]))
    }
  }

  /// Indices are written as floats.
  @Test func neighboursAreFound() throws {
    try inFolder {
      let inputs = try write(
        [
          "queries": HostTensor(shape: [1, 2], values: [0, 1]),
          "bank": HostTensor(shape: [3, 2], values: [9, 9, 0, 3, -1, 1]),
        ], "in.safetensors")
      let outputs = folder.appendingPathComponent("out.safetensors").path
      _ = try answers([
        #"{"case": "op=nearest queries=1 rows=3 width=2 count=2", "inputs": "\#(inputs)", "outputs": "\#(outputs)"}"#
      ])
      let file = try SafetensorsFile(path: outputs)
      #expect(try file.tensor(named: "indices").values == [2, 1])
      #expect(try file.tensor(named: "distances").values == [1, 4])
    }
  }

  @Test func aNetworkGivesItsFeatures() throws {
    try inFolder {
      let inputs = try write(
        ["x": HostTensor(shape: [1, 32, 64, 3], values: [Float](repeating: 0.5, count: 32 * 64 * 3))], "in.safetensors")
      let outputs = folder.appendingPathComponent("out.safetensors").path
      let found = try answers([
        #"{"network": "resnet18", "weights": "random:1", "strides": [4, 16], "inputs": "\#(inputs)", "#
          + #""outputs": "\#(outputs)"}"#
      ])
      #expect(found.last?["loaded"] as? String == "resnet18", "\(found)")
      let file = try SafetensorsFile(path: outputs)
      #expect(Set(file.names) == ["stride4", "stride16"])
      #expect(try file.shape(of: "stride16") == [1, 2, 4, 256])
    }
  }

  @Test func aTrainingGivesItsFirstLosses() throws {
    try inFolder {
      let inputs = try write(
        [
          "x": HostTensor(
            shape: [1, 32, 32, 3], values: (0..<(32 * 32 * 3)).map { Float($0 % 17) / 17 - 0.5 })
        ], "in.safetensors")
      let outputs = folder.appendingPathComponent("out.safetensors").path
      let found = try answers([
        #"{"training": "autoencoder", "inputs": "\#(inputs)", "outputs": "\#(outputs)"}"#, #"{"time": 1}"#,
        #"{"training": "nonsense", "inputs": "\#(inputs)"}"#,
      ])
      #expect(found[1]["loaded"] as? String == "training autoencoder", "\(found)")
      #expect(found[2]["launches"] as? Int == 1)
      #expect((found[3]["error"] as? String)?.contains("There is no training 'nonsense'") == true)
      let losses = try SafetensorsFile(path: outputs).tensor(named: "losses").values
      #expect(Set(losses).count == 3 && losses.allSatisfy { $0.isFinite }, "\(losses)")
    }
  }

  /// Zeros at the ends of rows are no tokens; vectors are those that transformers gave.
  @Test func sentencesGiveTheirVectors() throws {
    try inFolder {
      let inputs = try write(
        ["identifiers": HostTensor(shape: [2, 6], values: [62, 5, 9, 63, 0, 0, 62, 1, 2, 3, 4, 63])], "in.safetensors")
      let outputs = folder.appendingPathComponent("out.safetensors").path
      let weights = Fixtures.path("encoders/minilm.safetensors")
      let wrong = try write(["identifiers": HostTensor(shape: [1, 2], values: [62, 64])], "wrong.safetensors")
      let found = try answers([
        #"{"sentences": "\#(weights)", "inputs": "\#(inputs)", "outputs": "\#(outputs)"}"#, #"{"time": 1}"#,
        #"{"sentences": "\#(weights)", "inputs": "\#(wrong)"}"#,
      ])
      #expect(found[1]["loaded"] as? String == "all-MiniLM-L6-v2", "\(found)")
      #expect(found[2]["launches"] as? Int == 1)
      #expect((found[3]["error"] as? String)?.hasSuffix("must be [texts, tokens], each below 64.") == true)
      let vectors = try SafetensorsFile(path: outputs).tensor(named: "vectors")
      let expected = try #require(
        (Fixtures.json("encoders.json")["minilm"] as? [String: Any])?["texts"] as? [[Double]])
      #expect(vectors.shape == [2, 64])
      expectEqual(
        vectors.values, [expected[0], expected[2]].flatMap(\.self).map(Float.init), within: Tolerance(absolute: 1e-4))
    }
  }

  /// Each of these is an answer with a sentence, and the requests after it are met.
  @Test func whatFailsIsSaid() throws {
    try inFolder {
      let inputs = try write(["x": HostTensor(shape: [1, 4], values: [1, 2, 3, 4])], "in.safetensors")
      let found = try answers([
        #"{"time": 1}"#, "nonsense", "{}", #"{"time": 0}"#, #"{"time": 1, "network": "resnet18"}"#,
        #"{"case": "op=softmax rows=1 columns=4"}"#,
        #"{"case": "op=softmax rows=1 columns=5", "inputs": "\#(inputs)"}"#,
        #"{"case": "op=multiply m=1 n=1 k=1", "inputs": "\#(inputs)"}"#,
        #"{"case": "op=nonsense", "inputs": "\#(inputs)"}"#,
        #"{"case": "op=softmax rows=1 columns=4", "inputs": "/nonexistent"}"#,
        #"{"network": "nonsense", "inputs": "\#(inputs)"}"#, #"{"network": "resnet18", "inputs": "\#(inputs)"}"#,
        #"{"case": "op=softmax rows=1 columns=4", "inputs": "\#(inputs)"}"#, #"{"time": 2}"#,
      ])
      let errors = found.dropFirst().map { $0["error"] as? String }
      #expect(errors.count == 14)
      #expect(
        errors.dropLast(2).allSatisfy { $0?.hasSuffix(".") == true }, "\(errors)")
      #expect(errors.suffix(2) == [nil, nil], "\(errors)")
    }
  }

  /// Ctrl-C while it waits for a request.
  @Test func aSignalEndsTheWaiting() throws {
    try inFolder {
      let pipe = folder.appendingPathComponent("pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      // Open for both, or opening it would wait for the other end.
      let end = open(pipe, O_RDWR)
      defer { close(end) }
      let output = folder.appendingPathComponent("output").path
      let run = try ProgramRun("kernel-bench", ["serve", "--device", "cpu"], input: pipe, output: .path(output))
      #expect(eventually(seconds: 60) { FileManager.default.contents(atPath: output)?.isEmpty == false })
      // The greeting may come just before the wait begins: a second signal would end the process in any case.
      usleep(200_000)
      run.signal(SIGINT)
      #expect(run.wait(seconds: 60).status == 130)
    }
  }
}
