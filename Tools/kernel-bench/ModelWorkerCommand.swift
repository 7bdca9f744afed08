import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// What a child tells of the launches that Oclgrind counted.
struct ModelledWork: Codable {
  struct Case: Codable {
    var text: String
    var launches: [LaunchRecord]
  }

  /// In the order of Oclgrind's counts.
  var counted: [Case] = []
  /// Problems whose launches were only noted.
  var typical: [Case] = []
  /// By kernel; what the driver says of local memory.
  var localBytes: [String: Int] = [:]
  var vectorWidth = 0
}

/// A child on Oclgrind, which prints what it counts; it notes the launches in the same order.
struct ModelWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "model-worker", shouldDisplay: false)

  @OptionGroup var kernels: KernelArguments
  /// Where it says what was launched.
  @Option var result: String
  /// Cases whose launches are only noted.
  @Option(parsing: .upToNextOption) var typical: [String] = []
  /// Cases that are run; `op=multiply m=…`, one a text.
  @Option(parsing: .upToNextOption) var cases: [String]

  func run() throws {
    var selection = VariantSelection(device: "opencl", variant: "gpu", kernelFolder: kernels.kernelDir)
    selection.usesTuning = false
    guard let device = try selection.open().variants.first?.device as? OpenCLDevice else {
      throw Failure("There is no OpenCL device, so nothing is counted.")
    }
    guard device.driver.contains("Oclgrind") else {
      throw Failure("The platform is \(device.traits.name)'s, not Oclgrind's, so nothing is counted.")
    }
    var work = ModelledWork()
    for text in cases {
      work.counted.append(ModelledWork.Case(text: text, launches: try Self.launches(of: text, device, isDry: false)))
    }
    for text in typical {
      work.typical.append(ModelledWork.Case(text: text, launches: try Self.launches(of: text, device, isDry: true)))
    }
    work.localBytes = try device.kernelResources().mapValues(\.localBytes)
    work.vectorWidth = device.kernelVectorWidth
    try OutputFile.write(JSONEncoder().encode(work), to: result)
  }

  private static func launches(of text: String, _ device: OpenCLDevice, isDry: Bool) throws -> [LaunchRecord] {
    if text == ModelCases.probes { return try device.launches { try OpenCLProbe(device).run { _ in } } }
    if text == ModelCases.roofs { return try roofs(device) }
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    // Nothing reads the values of a launch that is only noted.
    let inputs = made.hostInputs(isDry ? .constant : fill, seed: 42)
    return try device.launches(isDry: isDry) { try LoadedCase(made, inputs, on: device).launch() }
  }

  private static func roofs(_ device: OpenCLDevice) throws -> [LaunchRecord] {
    let scratch = try Storage([Float](repeating: 0.5, count: device.roofScratchCount), on: device)
    let x = try Storage([Float](repeating: 1, count: 2 * roofStrip), on: device)
    let y = try Storage([Float](repeating: 1, count: 2 * roofStrip), on: device)
    return try device.launches {
      _ = try device.roofMultiplyAdd(rounds: 256, scratch)
      _ = try device.roofExponential(rounds: 256, scratch)
      try device.roofCopy(x, into: y)
      try device.roofRead(x, into: scratch)
      try device.roofEmpty(scratch)
    }
  }
}
