public import ArgumentParser
public import Backbones
import Checkpoints
import Compute
import Foundation
import OpCatalogue
import Tensors
import ToolSupport
import Variants

struct NetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network", abstract: "Run a network layer by layer on every variant and compare.",
    discussion: """
      Every layer's output is compared with the first variant's, by the root mean square of the difference over that of \
      the values. Rounding alone gives some 10⁻⁷ a layer; the first layer beyond the limit is named.

      Examples:
        parity network
        parity network --weights efficientnet-lite0.pth --size 256 --batch 3
        parity network --network wide-resnet50-2 --weights random:1
      """)

  @Option(help: "The network.")
  var network = BackboneKind.efficientNetLite0
  @Option(help: ArgumentHelp("Its weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?
  @Option(help: ArgumentHelp("Pictures.", valueName: "COUNT"))
  var batch = 1
  @Option(help: ArgumentHelp("Their height and width.", valueName: "PIXELS"))
  var size = 224
  @Option(help: "Seed of the pictures' pixels.")
  var seed: UInt64 = 42
  @Option(help: "all, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.")
  var device = "all"
  @Option(help: ArgumentHelp("The largest relative error of a layer.", valueName: "X"))
  var limit = 1e-5
  @Option(help: ArgumentHelp("Write the table as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?
  @OptionGroup var reporting: ReportingArguments

  func validate() throws {
    guard batch >= 1, size >= 32 else { throw ValidationError("--batch must be at least 1, --size at least 32.") }
    guard limit > 0 else { throw ValidationError("--limit must be positive.") }
  }

  private struct Layer {
    let name: String
    let shape: Shape
    let values: [Float]
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let opened = try VariantSelection(device: device).open()
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is here: \(problem)") }
    guard opened.variants.count > 1 else {
      throw Failure("There is only '\(opened.variants.first?.name ?? "no variant")', so nothing was compared.")
    }
    var random = CaseRandom(key: "network \(network.rawValue)", seed: seed)
    let pixels = (0..<(batch * size * size * 3)).map { _ in Float(2 * random.uniform() - 1) }
    let traces = try opened.variants.map { variant in
      try progress.note("\(variant.name): \(variant.deviceName)")
      return try layers(pixels, on: variant.device)
    }
    try report(traces, opened.variants.map(\.name))
  }

  private func layers(_ pixels: [Float], on device: any Device) throws -> [Layer] {
    let network = try LoadedBackbone(network, weights: weights, on: device).backbone
    let x = try Tensor(pixels, shape: [batch, size, size, 3], on: device)
    var layers: [Layer] = []
    try network.trace(x) { layer, output in
      layers.append(Layer(name: layer, shape: output.shape, values: try output.values()))
    }
    return layers
  }

  private func report(_ traces: [[Layer]], _ names: [String]) throws {
    var table = Table(["layer", "shape"] + names.dropFirst().map { "\($0) against \(names[0])" }, leftColumns: 2)
    var (divergent, passed, failed) = ([String: String](), 0, 0)
    var rows: [[String: Any]] = []
    for (index, layer) in traces[0].enumerated() {
      let errors = traces.dropFirst().map { Self.relativeError($0[index].values, layer.values) }
      for (name, error) in zip(names.dropFirst(), errors) {
        // NaN fails, too.
        if error <= limit {
          passed += 1
        } else {
          failed += 1
          if divergent[name] == nil { divergent[name] = layer.name }
        }
        rows.append([
          "layer": layer.name, "variant": name, "relative_error": error.isFinite ? error as Any : NSNull(),
          "passed": error <= limit,
        ])
      }
      table.add([layer.name, "\(layer.shape)"] + errors.map { String(format: "%.1e", $0) })
    }
    if let json {
      try OutputFile.writeJSON(
        ["schema": "parity-network/1", "network": network.rawValue, "limit": limit, "layers": rows], to: json)
    }
    if json != "-" {
      try Output.line(table.text)
      for name in names.dropFirst() {
        if let layer = divergent[name] { try Output.line("\(name): the first divergent layer is \(layer)") }
      }
      try Output.line("\(passed) passed, \(failed) failed, 0 skipped")
    }
    if failed > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  /// rms(found − reference) / rms(reference); NaN when a value is none.
  private static func relativeError(_ found: [Float], _ reference: [Float]) -> Double {
    guard found.count == reference.count else { return .infinity }
    var (errors, squares) = (0.0, 0.0)
    for (x, value) in zip(found, reference) {
      errors += (Double(x) - Double(value)) * (Double(x) - Double(value))
      squares += Double(value) * Double(value)
    }
    return errors == 0 ? 0 : (errors / squares).squareRoot()
  }
}

extension BackboneKind: ExpressibleByArgument {}
