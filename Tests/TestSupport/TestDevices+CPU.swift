import ComputeCPU

extension TestDevice {
  /// The CPU path with all threads, and with one: results must not depend on it.
  static let cpuPath = [
    TestDevice(name: "cpu", device: CPUDevice()), TestDevice(name: "cpu, 1 thread", device: CPUDevice(threads: 1)),
  ]
}
