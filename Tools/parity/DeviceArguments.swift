import ArgumentParser
import Devices
import Foundation

/// Which implementations run, and from which kernels.
struct DeviceArguments: ParsableArguments {
  @Option(help: "all, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.")
  var device = "all"
  @Option(help: "The implementation: blas, the OpenCL kernels' shape (cpu, gpu), or all.")
  var variant = "all"
  @OptionGroup var kernels: KernelArguments

  func validate() throws {
    guard device == "all" || (DeviceRequest(device) != nil && device != "auto") else {
      throw ValidationError("'\(device)' is no device; use all, cpu, opencl, opencl:0:0 or opencl:<part of a name>.")
    }
  }

  var selection: VariantSelection { VariantSelection(device: device, variant: variant) }
}

/// Where kernels come from.
struct KernelArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Use the kernels of this folder instead of the built-in ones.", valueName: "DIR"))
  var kernelDir: String?

  func validate() throws {
    if let kernelDir, !FileManager.default.fileExists(atPath: "\(kernelDir)/prelude.cl") {
      throw ValidationError("There is no prelude.cl in '\(kernelDir)'.")
    }
  }

  /// For a child that runs the cases.
  var environment: [String: String] { kernelDir.map { ["FLAWLESS_KERNELS": $0] } ?? [:] }

  /// For this process, before its first kernel is read.
  func applyHere() { for (name, value) in environment { setenv(name, value, 1) } }
}
