import ArgumentParser
import Benchmarking
import Compute
import ComputeOpenCL

/// Which clock times launches.
enum TimerKind: String, CaseIterable, ExpressibleByArgument {
  case event, wall, auto

  /// The kinds of devices that are opened so that their clocks can be asked.
  var profiledKinds: Set<DeviceTraits.Kind> {
    switch self {
    case .event: [.gpu, .cpu, .accelerator]
    case .wall: []
    // On a processor the host's clock is the device's.
    case .auto: [.gpu]
    }
  }
}

/// Times launches by the driver's events, or by the host's clock where there are none or they are seen to be wrong.
final class LaunchClock {
  private let device: any Device
  private let readsEvents: Bool
  /// Whether events were wrong once: then the host's clock is read from there on.
  private(set) var isDistrusted = false

  init(_ device: any Device, kind: TimerKind) {
    self.device = device
    readsEvents = (device as? OpenCLDevice)?.profiles == true && kind.profiledKinds.contains(device.traits.kind)
  }

  var name: String { readsEvents && !isDistrusted ? "event" : "wall" }

  /// Seconds of so many launches.
  func seconds(_ launches: Int, _ work: BlockTimer.Work) throws -> Double {
    guard readsEvents, !isDistrusted, let device = device as? OpenCLDevice else {
      return try BlockTimer().seconds(launches, work)
    }
    var times: EventTimes?
    let host = try BlockTimer().seconds(1) { _ in times = try device.profiled { try work(launches) } }
    guard let times, times.isTrusted(host: host) else {
      isDistrusted = true
      return try BlockTimer().seconds(launches, work)
    }
    return times.seconds
  }

  /// Seconds a launch, a sample a block; anew by the host's clock where the driver's is found to be wrong meanwhile.
  func samples(
    _ timer: BlockTimer, _ launches: Int, count: Int, minimum: Double, _ work: BlockTimer.Work
  ) throws -> [Double] {
    guard readsEvents else { return try timer.samples(launches, count: count, minimum: minimum, work) }
    let start = BlockTimer.monotonic()
    var samples: [Double] = []
    while samples.count < count || (BlockTimer.monotonic() - start < minimum && samples.count < Self.mostSamples) {
      samples.append(try seconds(launches, work) / Double(launches))
      if isDistrusted { return try timer.samples(launches, count: count, minimum: minimum, work) }
    }
    return samples
  }

  private static let mostSamples = 1000
}
