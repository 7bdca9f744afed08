import Compute
import ComputeCPU
import Devices
import TestSupport
import Testing

@Suite("The self-test finds devices that compute wrong")
struct SelfTestTests {
  private func device(_ lie: WrappedDevice.Lie?) -> WrappedDevice {
    WrappedDevice(traits: CPUDevice(threads: 1).traits, lie: lie)
  }

  @Test(arguments: TestDevice.all)
  func aRealDevicePasses(_ tested: TestDevice) throws { try SelfTest.run(on: tested.device) }

  @Test func anHonestWrapperPasses() throws { try SelfTest.run(on: device(nil)) }

  @Test(arguments: WrappedDevice.Lie.allCases)
  func aLyingDeviceFails(_ lie: WrappedDevice.Lie) {
    let error = #expect(throws: DeviceError.self) { try SelfTest.run(on: device(lie)) }
    guard case .selfTest = error else {
      Issue.record("The error is \(String(describing: error))")
      return
    }
  }
}
