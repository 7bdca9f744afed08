import Compute
import Devices
import Testing

@Suite("The list of devices")
struct DeviceReportTests {
  private let gpu = FakeDriver.Listed()
  private let other = FakeDriver.Listed(device: 1, name: "Second GPU")
  private let pocl = FakeDriver.Listed(platform: 1, platformName: "Portable", name: "Fake CPU", kind: .cpu)

  @Test func everyDeviceIsListedAndTheCPUPathIsLast() {
    let report = DeviceReport.gather(through: FakeDriver.access([pocl, gpu, other]))
    #expect(report.entries.map(\.name) == ["opencl:1:0", "opencl:0:0", "opencl:0:1", "cpu"])
    #expect(report.entries.map(\.platform) == ["Portable", "Fake platform", "Fake platform", nil])
    #expect(report.entries.map(\.isAutomatic) == [false, true, false, false])
    #expect(report.entries.allSatisfy { $0.failure == nil })
    #expect(report.openCLProblem == nil)
  }

  @Test func aFailingGPUIsListedWithItsReasonAndNotTaken() {
    let report = DeviceReport.gather(
      through: FakeDriver.access([gpu, other], ["Fake GPU": .computesNonsense, "Second GPU": .doesNotOpen]))
    #expect(report.entries[0].failure?.contains("the matrix product is wrong") == true)
    #expect(report.entries[1].failure?.contains("clCreateContext") == true)
    #expect(report.entries.map(\.isAutomatic) == [false, false, true])
  }

  @Test func withoutOpenCLTheReasonIsGiven() {
    let report = DeviceReport.gather(
      through: FakeDriver.broken(.unavailable(requested: "opencl", reason: "no loader is installed")))
    #expect(report.entries.map(\.name) == ["cpu"])
    #expect(report.entries.map(\.isAutomatic) == [true])
    #expect(report.openCLProblem == "no loader is installed")
  }
}
