import Compute
import Testing

@Suite("Errors say what to do")
struct ErrorTests {
  @Test func shapesNameOperationExpectationAndFinding() {
    #expect(
      ShapeError.mismatch(operation: "convolve", argument: "bias", expected: [3], found: [2]).description
        == "[convolve] bias must be [3], found [2].")
    #expect(
      ShapeError.outOfRange(operation: "pool", what: "padding", value: 2, allowed: 0...1).description
        == "[pool] padding must be between 0 and 1, found 2.")
    #expect(
      ShapeError.notDivisible(operation: "gather", what: "x's count", value: 7, by: 2).description
        == "[gather] x's count must be a multiple of 2, found 7.")
    #expect(
      ShapeError.unsuitable(operation: "convolve", reason: "winograd2 takes 3 x 3 kernels").description
        == "[convolve] winograd2 takes 3 x 3 kernels.")
  }

  @Test func devicesNameTheReason() {
    #expect(
      DeviceError.unavailable(requested: "opencl", reason: "there is no loader").description
        == "The device 'opencl' cannot be used: there is no loader.")
    #expect(
      DeviceError.outOfMemory(requested: 10, inUse: 5, limit: 12).description
        == "Out of device memory: 10 bytes were asked for while 5 were in use and the limit is 12; "
        + "use smaller batches or pictures, or raise --memory-limit.")
    #expect(
      DeviceError.call(name: "clFinish", code: -5, meaning: "the device is out of resources", kernel: "softmax_rows")
        .description
        == "The OpenCL driver failed in clFinish for kernel softmax_rows: the device is out of resources (-5).")
  }
}
