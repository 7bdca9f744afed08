import Compute
import Devices
import TestSupport
import Testing

@Suite("The self-test")
struct SelfTestTests {
  @Test(arguments: TestDevice.all)
  func everyDevicePasses(_ tested: TestDevice) throws { try SelfTest.run(on: tested.device) }
}
