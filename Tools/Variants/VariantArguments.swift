package import ArgumentParser
import ComputeOpenCL
import Devices
import Foundation
package import ToolSupport

/// Which implementations run, and from which kernels.
package struct VariantArguments: ParsableArguments {
  @Option(help: "all, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.")
  package var device = "all"
  @Option(help: "The implementation: blas, the OpenCL kernels' shape (cpu, gpu), or all.")
  package var variant = "all"
  @OptionGroup package var kernels: KernelArguments

  package init() {}

  package func validate() throws {
    guard device == "all" || (DeviceRequest(device) != nil && device != "auto") else {
      throw ValidationError("'\(device)' is no device; use all, cpu, opencl, opencl:0:0 or opencl:<part of a name>.")
    }
  }

  package var selection: VariantSelection {
    var selection = VariantSelection(device: device, variant: variant)
    selection.usesTuning = kernels.tuning == .on
    return selection
  }
}

/// Where kernels come from.
package struct KernelArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Use the kernels of this folder instead of the built-in ones.", valueName: "DIR"))
  package var kernelDir: String?
  @Option(help: "Whether tiles that 'kernel-bench tune' has found are used: on or off.")
  package var tuning = TuningUse.on

  package init() {}

  package func validate() throws {
    if let kernelDir, !FileManager.default.fileExists(atPath: "\(kernelDir)/prelude.cl") {
      throw ValidationError("There is no prelude.cl in '\(kernelDir)'.")
    }
  }

  /// For a child that runs the cases.
  package var environment: [String: String] {
    var environment = kernelDir.map { ["FLAWLESS_KERNELS": $0] } ?? [:]
    if tuning == .off { environment[Tuning.environmentVariable] = "off" }
    return environment
  }

  /// For this process, before its first kernel is read.
  package func applyHere() { for (name, value) in environment { setenv(name, value, 1) } }
}
