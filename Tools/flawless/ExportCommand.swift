import ArgumentParser
import Checkpoints
import Detectors
import Devices
import Foundation
import ModelExport
import ToolSupport

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a model as an ONNX file, for other programs.",
    discussion: """
      The file has the network, the memory bank, score and map; operator set 17. Its input 'picture' is [1, 3, size, \
      size], RGB of 0 to 1, the whole picture resized to size x size by an antialiased bilinear filter (Pillow's \
      BILINEAR); normalisation is inside. Its outputs are 'score', 'map' [1, 1, size, size] and 'patch_distances'. The \
      metadata states thresholds, the maps' scale, preprocessing, and where the model comes from. Files above 2 GiB \
      are refused.

      Example:
        flawless export bottle.model --onnx bottle.onnx
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @Option(help: ArgumentHelp("The file to write.", valueName: "FILE"))
  var onnx: String

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @OptionGroup(title: "Run") var reporting: ReportingArguments

  func run() throws {
    try OutputFile.check(onnx)
    let progress = try reporting.progress()
    // Nothing is computed but sums over the weights.
    let device = try DeviceChoice.open(.cpu).device
    let trained = try TrainedModel.load(model, weights: weights, on: device)
    let export = try ONNXExport(
      trained, modelSHA256: try ONNXExport.sha256(ofModel: model), programVersion: Version.text)
    let data = try export.encoded()
    try OutputFile.write(data, to: onnx)
    progress.clear()
    guard onnx != "-" else { return }
    try Output.line("\(onnx): \(data.count) bytes, SHA-256 \(SHA256.hash(data))")
  }
}
