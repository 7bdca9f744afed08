import Compute
import ComputeOpenCL

extension BenchedVariant {
  /// What the JSON of a run says of the device.
  var details: [String: Any] {
    let traits = device.traits
    var details: [String: Any] = [
      "name": traits.name, "type": traits.kind.rawValue, "vendor": traits.vendor, "driver": traits.driver,
      "compute_units": traits.computeUnits, "vector_width": traits.vectorWidth, "memory_bytes": traits.globalMemory,
      "largest_buffer_bytes": traits.largestBuffer, "local_bytes": traits.localMemory,
      "largest_group": traits.largestWorkGroup,
    ]
    if let device = device as? OpenCLDevice {
      details["versions"] = device.driver.split(separator: "\n").map(String.init)
      details["shape"] = device.shape.rawValue
      details["tiles"] = device.choice.description
    }
    return details
  }
}
