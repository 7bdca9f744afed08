import Benchmarking
import Compute
import ComputeOpenCL
import Foundation
import ToolSupport
import Variants

/// One of two things that are compared: a variant, or a folder of kernels on an OpenCL device.
struct PairedSide {
  let text: String

  /// - Throws: ``UsageError`` when the text is neither, or `DeviceError` when there is no such device.
  func open(_ devices: VariantArguments) throws -> BenchedVariant {
    var selection = devices.selection
    if text.hasPrefix("variant=") {
      selection.variant = String(text.dropFirst("variant=".count))
      selection.kernelFolder = devices.kernels.kernelDir
    } else {
      guard FileManager.default.fileExists(atPath: "\(text)/prelude.cl") else {
        throw UsageError("'\(text)' is neither variant=NAME nor a folder with kernels (there is no prelude.cl in it).")
      }
      selection.kernelFolder = text
      if selection.device == "all" { selection.device = "opencl" }
    }
    guard let found = try BenchedVariant.open(selection).variants.first else {
      throw UsageError("There is no '\(text)' here.")
    }
    return found
  }
}
