/// Which device a person asked for: `auto`, `cpu`, `opencl`, `opencl:<platform>:<device>` or `opencl:<part of a name>`.
public enum DeviceRequest: Hashable, Sendable, CustomStringConvertible {
  /// An OpenCL GPU that passes its self-test, else the CPU path.
  case automatic
  /// The CPU path through BLAS.
  case cpu
  /// The first OpenCL device: a GPU before others.
  case openCL
  case openCLIndex(platform: Int, device: Int)
  /// The first OpenCL device whose platform's or own name contains this text, whatever the case.
  case openCLName(String)

  /// The environment's way to name a device, for programs whose `--device` is not given.
  public static let environmentVariable = "FLAWLESS_DEVICE"

  /// The request that `text` spells, or nil.
  public init?(_ text: String) {
    switch text.lowercased() {
    case "auto": self = .automatic
    case "cpu": self = .cpu
    case "opencl": self = .openCL
    case let lowered where lowered.hasPrefix("opencl:"):
      let rest = String(text.dropFirst("opencl:".count))
      let numbers = rest.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
      if numbers.count == 2, let platform = numbers[0], let device = numbers[1], platform >= 0, device >= 0 {
        self = .openCLIndex(platform: platform, device: device)
      } else if !rest.isEmpty {
        self = .openCLName(rest)
      } else {
        return nil
      }
    default: return nil
    }
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .cpu: "cpu"
    case .openCL: "opencl"
    case .openCLIndex(let platform, let device): "opencl:\(platform):\(device)"
    case .openCLName(let name): "opencl:\(name)"
    }
  }
}
