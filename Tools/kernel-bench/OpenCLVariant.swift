import Compute
import ComputeOpenCL
import ToolSupport
import Variants

/// An OpenCL device with one shape of the kernels.
struct OpenCLVariant {
  let name: String
  let deviceName: String
  let device: OpenCLDevice

  /// Those that a person asked for; or, where nothing was named and there is no OpenCL, the reason to skip the work.
  ///
  /// - Throws: `DeviceError` when a device that was named cannot be had, ``Failure`` when it has no such variant.
  /// - usesTuning: whether tiles are taken that were tuned for the device; by default as the person asked
  static func open(
    _ devices: VariantArguments, usesTuning: Bool? = nil
  ) throws -> (variants: [OpenCLVariant], skipped: String?) {
    var selection = devices.selection
    selection.kernelFolder = devices.kernels.kernelDir
    if let usesTuning { selection.usesTuning = usesTuning }
    let opened = try selection.open()
    let variants = opened.variants.compactMap { variant in
      (variant.device as? OpenCLDevice).map {
        OpenCLVariant(name: variant.name, deviceName: variant.deviceName, device: $0)
      }
    }
    guard variants.isEmpty else { return (variants, nil) }
    if let problem = opened.openCLProblem { return ([], problem) }
    throw Failure("There is no OpenCL variant '\(devices.variant)' on '\(devices.device)', so nothing was measured.")
  }
}
