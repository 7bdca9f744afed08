import ArgumentParser
import Backbones
import Benchmarking
import Checkpoints
import Compute
import Devices
import Foundation
import Networks
import ToolSupport

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Compute and time what another program asks for, line by line.",
    discussion: """
      So that a script can time this device and another library in turn, on the same inputs. Requests are JSON objects \
      on standard input, a line each; every one gets a line on standard output, after one that names the device. Files \
      are safetensors; indices are written as floats. What fails is answered with {"error": "…"}, and the next request \
      is read. The program ends with its input.

        {"case": "op=multiply m=64 n=64 k=64", "inputs": "in.safetensors", "outputs": "out.safetensors"}
        {"network": "resnet18", "weights": "random:1", "strides": [8, 16], "inputs": "in.safetensors"}
        {"training": "resnet18", "weights": "first.safetensors", "inputs": "in.safetensors", "outputs": "out.safetensors"}
        {"sentences": "all-minilm-l6-v2.safetensors", "inputs": "in.safetensors", "outputs": "out.safetensors"}
        {"time": 20, "untimed": 1}

      All but the last load and run once, and answer {"loaded": …, "seconds": …}, compiling included. The last one \
      answers with the seconds of 20 launches of what was loaded last, after one that is not timed. A training's \
      outputs are the losses of its first three steps.

      Example:
        kernel-bench serve --device cpu --threads 2 < requests.jsonl
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let device = try common.openDevice(common.progress())
    try Self.answer(["device": device.description, "version": Version.text])
    var server = Server(device: device)
    var input = LineInput()
    while let line = try input.next() {
      let answer: [String: Any]
      do {
        answer = try server.answer(to: ServeRequest(parsing: line))
      } catch {
        answer = ["error": "\(error)"]
      }
      try Self.answer(answer)
    }
  }

  private static func answer(_ object: [String: Any]) throws {
    let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
    let line = try JSONSerialization.data(withJSONObject: object, options: options)
    try Output.write(line + Data("\n".utf8))
  }
}

/// One line of the input.
struct ServeRequest: Decodable {
  var `case`: String?
  var network: String?
  var training: String?
  var sentences: String?
  var weights: String?
  var strides: [Int]?
  var inputs: String?
  var outputs: String?
  var time: Int?
  var untimed: Int?

  /// - Throws: ``UsageError`` unless it is an object of these fields with exactly one thing to do.
  init(parsing line: String) throws {
    do {
      self = try JSONDecoder().decode(ServeRequest.self, from: Data(line.utf8))
    } catch {
      throw UsageError("The request '\(line.prefix(200))' is no JSON object of the known fields.")
    }
    guard [`case`, network, training, sentences].count(where: { $0 != nil }) + (time == nil ? 0 : 1) == 1 else {
      throw UsageError("A request has exactly one of 'case', 'network', 'training', 'sentences' and 'time'.")
    }
    guard time.map({ $0 >= 1 }) ?? true, untimed.map({ $0 >= 0 }) ?? true else {
      throw UsageError("'time' must be at least 1, and 'untimed' not negative.")
    }
  }
}

/// What is loaded, and how requests are met.
private struct Server {
  let device: any Device
  private var work: ServedWork?

  init(device: any Device) { self.device = device }

  mutating func answer(to request: ServeRequest) throws -> [String: Any] {
    if let launches = request.time {
      return ["launches": launches, "seconds": try seconds(launches, untimed: request.untimed ?? 0)]
    }
    // What was loaded before gives its memory back first.
    work = nil
    let loaded = try load(request)
    let seconds = try BlockTimer().seconds(1) { _ in
      try loaded.launch()
      try device.synchronize()
    }
    if let outputs = request.outputs {
      try OutputFile.write(SafetensorsFile.encoded(loaded.outputs()), to: outputs)
    }
    work = loaded
    return ["loaded": loaded.name, "seconds": seconds]
  }

  private func load(_ request: ServeRequest) throws -> ServedWork {
    guard let inputs = request.inputs else { throw UsageError("The request needs 'inputs', a file of tensors.") }
    if let text = request.case { return try ServedWork(case: text, inputs: inputs, on: device) }
    if let weights = request.sentences {
      return try ServedWork(sentences: weights, inputs: inputs, on: device)
    }
    if let training = request.training {
      guard let kind = TrainingWorkload.Kind(rawValue: training) else {
        throw UsageError("There is no training '\(training)'; 'kernel-bench step --help' names them.")
      }
      return try ServedWork(training: kind, weights: request.weights, inputs: inputs, on: device)
    }
    guard let kind = request.network.flatMap(BackboneKind.init) else {
      throw UsageError("There is no network '\(request.network ?? "")'; 'kernel-bench step --help' names them.")
    }
    return try ServedWork(
      network: kind, weights: request.weights, strides: request.strides, inputs: inputs, on: device)
  }

  private func seconds(_ launches: Int, untimed: Int) throws -> Double {
    guard let work else { throw UsageError("Nothing is loaded that could be timed.") }
    func run(_ launches: Int) throws {
      for _ in 0..<launches { try work.launch() }
      try device.synchronize()
    }
    if untimed > 0 { try run(untimed) }
    return try BlockTimer().seconds(launches, run)
  }
}
