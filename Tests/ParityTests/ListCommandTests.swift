import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("parity list", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct ListCommandTests {
  @Test func devicesAndOperationsAreListed() throws {
    let outcome = try parity("list")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("tree reduction        groups of 1, 64, 256"))
    #expect(!outcome.output.contains("wrong: "))
    #expect(outcome.output.contains("advanceCoreset"))
  }

  @Test func withoutOpenCLTheCPUPathIsListed() throws {
    let outcome = try parity(
      "list", environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("OpenCL: "))
    #expect(outcome.output.contains("verdict               ok"))
  }

  /// One fault of a driver each, and the finding that names it.
  @Test(arguments: [
    ("tree[item] += tree[item + step]", "tree[item] -= tree[item + step]", "tree reduction"),
    ("y[n + i] = (int)(wide >> 32)", "y[n + i] = (int)(wide >> 31)", "integers"),
    ("float4 v = vload4(0, x + 5 * i + 1);", "float4 v = vload4(0, x + 4 * (5 * i / 4));", "unaligned vectors"),
    ("y[3 * n + i] = erf(v);", "y[3 * n + i] = erf(v) * 1.00001f;", "functions"),
    ("y[0] = !(nan == nan);", "y[0] = 0;", "NaN and infinity"),
  ])
  func aBrokenDriverIsNamed(_ text: String, _ replacement: String, _ finding: String) throws {
    try expectBroken(text, replacement, finding)
  }

  /// What the check asks of a device: 2 GiB and 16 KiB in one buffer, and twice that in all.
  private static let holdsLargeBuffers = (try? OpenCL.devices())?.first.map { device in
    let needed = (1 << 31) + (1 << 14)
    return device.traits.largestBuffer >= needed && device.traits.globalMemory / 2 >= needed
  }

  @Test(.enabled(if: holdsLargeBuffers == true, "the first OpenCL device's buffers hold at most 2 GiB here"))
  func aDriverThatLosesLargeOffsetsIsNamed() throws {
    try expectBroken(
      "y[0] = x[(ulong)thousands * 1024];", "y[0] = x[((uint)thousands * 4096u & 0x7FFFFFFFu) / 4];",
      "offsets beyond 2 GiB")
  }

  private func expectBroken(_ text: String, _ replacement: String, _ finding: String) throws {
    try withKernels("probe", text, replacement) { kernels in
      let outcome = try parity("list", environment: ["FLAWLESS_KERNELS": kernels])
      #expect(outcome.output.contains("broken: \(finding): "), "\(outcome.output)")
    }
  }

  @Test func aHangingDriverIsLeft() throws {
    try withKernels("probe", "for (int step = get_local_size(0) / 2; step; step /= 2)", "for (int step = 1; step;)") {
      let outcome = try parity("list", "--timeout", "10", environment: ["FLAWLESS_KERNELS": $0])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("broken: process: nothing came within 10 s after 'NaN and infinity'"))
    }
  }
}
