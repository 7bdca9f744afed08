import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// A child that launches cases and measures nothing: the tool that it runs under counts.
struct CountWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "count-worker", shouldDisplay: false)

  @OptionGroup var devices: VariantArguments
  @Option var choice = ""
  /// Where it says what the counts depend on.
  @Option var key: String
  /// `op=multiply m=…`, one a text.
  @Argument var cases: [String]

  func run() throws {
    var selection = devices.selection
    selection.kernelFolder = devices.kernels.kernelDir
    guard let chosen = TilingChoice(choice) else { throw UsageError("'\(choice)' is no choice of tiles.") }
    selection.usesTuning = false
    selection.choice = chosen
    guard
      let (name, device) = try selection.open().variants.lazy.compactMap({ variant in
        (variant.device as? OpenCLDevice).map { (variant.name, $0) }
      }).first
    else { throw UsageError("There is no OpenCL variant '\(devices.variant)' here.") }
    for text in cases {
      let (made, fill) = try OpCatalogue.makeCase(parsing: text)
      let loaded = try LoadedCase(made, made.hostInputs(fill, seed: 42), on: device)
      try loaded.launch()
      try device.synchronize()
    }
    try OutputFile.write(Data(Self.key(name, device).utf8), to: key)
  }

  /// The shape, what PoCL compiles for, and its version with that of LLVM. The processor's own name is of no account.
  private static func key(_ variant: String, _ device: OpenCLDevice) -> String {
    let target = device.traits.name.split(separator: "-").prefix(2).joined(separator: "-")
    let platform = device.driver.split(separator: "\n").first ?? ""
    return "\(variant), \(target), \(platform)"
  }
}
