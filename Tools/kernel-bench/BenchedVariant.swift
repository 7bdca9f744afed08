import Benchmarking
import Compute
import ComputeOpenCL
import Variants

/// An implementation whose roofs can be measured.
struct BenchedVariant {
  let name: String
  let deviceName: String
  let device: any Device & RoofKernels

  /// Those that a person asked for. The GPU shape is meant for GPUs: elsewhere it is left out unless named.
  static func open(
    _ selection: VariantSelection, joinsLaunches: Bool = false
  ) throws -> (variants: [BenchedVariant], openCLProblem: String?) {
    var selection = selection
    selection.joinsLaunches = joinsLaunches
    let opened = try selection.open()
    let variants = opened.variants.compactMap { variant -> BenchedVariant? in
      guard let device = variant.device as? any Device & RoofKernels else { return nil }
      let isGPUShape = (device as? OpenCLDevice)?.shape == .gpu
      let isCPU = [.cpu, .blas].contains(device.traits.kind)
      if selection.variant == "all", isGPUShape, isCPU { return nil }
      return BenchedVariant(name: variant.name, deviceName: variant.deviceName, device: device)
    }
    guard !variants.isEmpty else {
      throw DeviceError.unavailable(
        requested: selection.device, reason: "it has no variant '\(selection.variant)'")
    }
    return (variants, opened.openCLProblem)
  }

  private var isOnHost: Bool { [.cpu, .blas].contains(device.traits.kind) }

  /// The roofs by variant, measured now. The CPU path and OpenCL on the processor share its units, so the larger figure
  /// of both is the roof of each.
  static func roofs(of variants: [BenchedVariant]) throws -> [String: Roofs] {
    let sizes = [20, 22, 23, 24, 25, 27].map { 1 << $0 }
    var roofs = try Dictionary(
      uniqueKeysWithValues: variants.map { ($0.name, try RoofMeasurement($0.device).measured(sizes: sizes)) })
    let onHost = variants.filter(\.isOnHost).map(\.name)
    let multiplyAdd = onHost.compactMap { roofs[$0]?.multiplyAdd }.max()
    let exponential = onHost.compactMap { roofs[$0]?.exponential }.max()
    for name in onHost {
      roofs[name]?.multiplyAdd = multiplyAdd ?? .nan
      roofs[name]?.exponential = exponential ?? .nan
    }
    return roofs
  }
}
