package import Compute
import ComputeCPU
package import ComputeOpenCL
import Devices

/// One implementation of all operations: the CPU path, or an OpenCL device with one shape of the kernels.
package struct Variant: Sendable {
  /// `blas`, `cpu`, `gpu`; further OpenCL devices are numbered: `gpu@0:1`.
  package let name: String
  package let deviceName: String
  package let device: any Device
}

/// Which variants a person asked for.
package struct VariantSelection: Hashable {
  /// `cpu` (BLAS), `opencl`, `opencl:…` or `all`.
  package var device = "all"
  /// `gpu`, `cpu`, a variant's name, or `all`.
  package var variant = "all"
  /// Whether buffers end where their arrays end.
  package var exactBuffers = false
  /// Kernels from a folder instead of the built-in ones.
  package var kernelFolder: String?
  /// Whether built programs come from the user's cache, and may go there.
  package var usesCache = false
  /// The kinds of OpenCL devices whose own clocks can be asked, which slows launches down.
  package var profiledKinds: Set<DeviceTraits.Kind> = []
  /// Whether launches may be joined, as in use; what times one kernel has them alone.
  package var joinsLaunches = true
  /// Whether tiles are taken that were tuned for the device.
  package var usesTuning = true
  /// Sizes of the kernels' tiles in place of those.
  package var choice = TilingChoice()

  package init(
    device: String = "all", variant: String = "all", exactBuffers: Bool = false, kernelFolder: String? = nil
  ) {
    self.device = device
    self.variant = variant
    self.exactBuffers = exactBuffers
    self.kernelFolder = kernelFolder
  }

  /// Opens them, and says why OpenCL is missing where it is.
  ///
  /// - Throws: ``DeviceError/unavailable(requested:reason:)`` when a device that was named cannot be had.
  package func open() throws -> (variants: [Variant], openCLProblem: String?) {
    var variants: [Variant] = []
    var problem: String?
    let wantsBLAS = device == "all" || device == "cpu"
    if wantsBLAS, variant == "all" || variant == "blas" {
      let cpu = CPUDevice()
      variants.append(Variant(name: "blas", deviceName: cpu.traits.name, device: cpu))
    }
    if device != "cpu" {
      do { variants += try openCL() } catch let error as DeviceError {
        guard device == "all" else { throw error }
        problem = "\(error)"
      }
    }
    return (variants, problem)
  }

  private func openCL() throws -> [Variant] {
    guard let request = DeviceRequest(device == "all" ? "opencl" : device) else {
      throw DeviceError.unavailable(requested: device, reason: "it is no device")
    }
    let found: [OpenCLDeviceDescription]
    do { found = try OpenCL.devices() } catch {
      guard case .unavailable(_, let reason) = error else { throw error }
      throw DeviceError.unavailable(requested: device, reason: reason)
    }
    let chosen = device == "all" ? found : DeviceChoice.match(request, among: found).map { [$0] } ?? []
    guard !chosen.isEmpty else {
      throw DeviceError.unavailable(requested: device, reason: "there is no such OpenCL device")
    }
    var variants: [Variant] = []
    for (index, description) in chosen.enumerated() {
      let place = index == 0 ? "" : "@\(description.platformIndex):\(description.deviceIndex)"
      for shape in KernelShape.allCases {
        let name = shape.rawValue + place
        guard variant == "all" || variant == name || variant == shape.rawValue else { continue }
        let tuned =
          usesTuning ? TilingChoice.tuned(for: description, shape: shape, kernelFolder: kernelFolder) : TilingChoice()
        let chosen = tuned.merging(choice)
        let device = try OpenCLDevice(
          description, shape: shape, exactBuffers: exactBuffers, kernelFolder: kernelFolder,
          cache: usesCache ? .standard(for: description) : nil, choice: chosen,
          profiles: profiledKinds.contains(description.traits.kind), joinsLaunches: joinsLaunches)
        variants.append(
          Variant(
            name: name,
            deviceName: "\(description.platformName): \(description.traits.name)"
              + (chosen.isEmpty ? "" : ", tiles \(chosen)"), device: device))
      }
    }
    return variants
  }
}
