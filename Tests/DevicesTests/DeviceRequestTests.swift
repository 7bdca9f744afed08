import Devices
import Testing

@Suite("What --device takes")
struct DeviceRequestTests {
  @Test(arguments: [
    ("auto", DeviceRequest.automatic), ("AUTO", .automatic), ("cpu", .cpu), ("CPU", .cpu), ("opencl", .openCL),
    ("OpenCL", .openCL), ("opencl:0:0", .openCLIndex(platform: 0, device: 0)),
    ("opencl:12:3", .openCLIndex(platform: 12, device: 3)), ("opencl:GeForce", .openCLName("GeForce")),
    ("opencl:RTX 4090", .openCLName("RTX 4090")), ("opencl:gfx90a:sramecc+", .openCLName("gfx90a:sramecc+")),
    ("opencl:0", .openCLName("0")), ("opencl:-1:0", .openCLName("-1:0")), ("opencl:1:2:3", .openCLName("1:2:3")),
  ])
  func everyFormIsRead(_ text: String, _ expected: DeviceRequest) {
    #expect(DeviceRequest(text) == expected)
  }

  @Test(arguments: ["", "gpu", "cuda", "opencl:", "cpu:0", "auto ", ":0:0"])
  func anythingElseIsRefused(_ text: String) { #expect(DeviceRequest(text) == nil) }

  @Test(arguments: ["auto", "cpu", "opencl", "opencl:1:2", "opencl:GeForce"])
  func theDescriptionIsWhatWasRead(_ text: String) { #expect(DeviceRequest(text)?.description == text) }
}
