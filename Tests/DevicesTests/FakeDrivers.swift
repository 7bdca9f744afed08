import Compute
import ComputeCPU
import ComputeOpenCL
import Devices
import Synchronization

/// A driver that a test plays: which devices it lists, whether they open, and whether they compute.
struct FakeDriver {
  struct Listed {
    var platform = 0
    var device = 0
    var platformName = "Fake platform"
    var name = "Fake GPU"
    var kind = DeviceTraits.Kind.gpu
  }

  enum Behaviour {
    case works
    case doesNotOpen
    case computesNonsense
  }

  static let openFailure = DeviceError.call(
    name: "clCreateContext", code: -6, meaning: "out of host memory", kernel: nil)

  /// - behaviour: of each device, by its name; devices that are not named work
  static func access(_ listed: [Listed], _ behaviour: [String: Behaviour] = [:]) -> OpenCLAccess {
    OpenCLAccess(
      devices: {
        listed.compactMap {
          OpenCLDeviceDescription(
            platformIndex: $0.platform, deviceIndex: $0.device, platformName: $0.platformName, traits: traits($0))
        }
      },
      open: { description, options in
        let behaviour = behaviour[description.traits.name] ?? .works
        if case .doesNotOpen = behaviour { throw openFailure }
        return WrappedDevice(
          traits: description.traits, memoryLimit: options.memoryLimit,
          lie: behaviour == .computesNonsense ? .matrixProduct : nil)
      },
      selfTest: { try SelfTest.run(on: $0) })
  }

  /// A machine on which looking for devices already fails.
  static func broken(_ error: DeviceError) -> OpenCLAccess {
    OpenCLAccess(
      devices: { throw error }, open: { _, _ in throw openFailure }, selfTest: { try SelfTest.run(on: $0) })
  }

  private static func traits(_ listed: Listed) -> DeviceTraits {
    DeviceTraits(
      name: listed.name, kind: listed.kind, vendor: "Nobody", driver: "1.0", computeUnits: 1, globalMemory: 1 << 30,
      largestBuffer: 1 << 28, localMemory: 1 << 15, largestWorkGroup: 256, vectorWidth: 4)
  }
}
