import Foundation
import TestSupport
import Testing

@Suite("The device that the program takes")
struct DeviceTests {
  private let withoutDrivers: [String: String?] = ["OCL_ICD_VENDORS": "/nonexistent"]

  /// A run that ends before weights are read: what matters here is the announcement.
  private func run(_ device: [String], _ environment: [String: String?]) throws -> ProgramRun.Outcome {
    let product = try SmallProduct.shared.get()
    return try ProgramRun(
      "flawless",
      [
        "train", "--data", product.root, "--category", SmallPictures.category, "-o", "\(product.root)/never.model",
        "--weights", "/nonexistent/weights",
      ] + device, environment: environment
    ).wait()
  }

  @Test func aNamedDeviceWithoutDriversEndsWithThreeAndTheReason() throws {
    for device in ["opencl", "opencl:0:0", "opencl:GeForce"] {
      let outcome = try run(["--device", device], withoutDrivers)
      #expect(outcome.status == 3)
      #expect(
        outcome.errors.hasPrefix("flawless: The device '\(device)' cannot be used: no OpenCL "), "\(outcome.errors)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
    }
  }

  @Test func autoFallsBackToTheCPUAndSaysWhy() throws {
    let outcome = try run([], withoutDrivers)
    #expect(outcome.errors.hasPrefix("device: cpu ("))
    #expect(outcome.errors.contains("OpenCL not used: no OpenCL "))
    #expect(outcome.status == 1)
  }

  @Test func theEnvironmentNamesTheDevice() throws {
    let outcome = try run([], withoutDrivers.merging(["FLAWLESS_DEVICE": "opencl:Radeon"]) { $1 })
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("'opencl:Radeon'"))
  }

  @Test func theOptionWinsOverTheEnvironment() throws {
    let outcome = try run(["--device", "cpu"], withoutDrivers.merging(["FLAWLESS_DEVICE": "opencl"]) { $1 })
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasPrefix("device: cpu ("))
    #expect(!outcome.errors.contains("OpenCL not used"))
  }

  @Test func threadsAreTaken() throws {
    #expect(try run(["--device", "cpu", "--threads", "1"], [:]).errors.contains(", 1 thread)"))
  }

  @Test func quietSaysNothingButTheError() throws {
    let outcome = try run(["--device", "cpu", "--quiet"], [:])
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.hasPrefix("flawless: /nonexistent/weights cannot be read"))
  }

  @Test func devicesListsTheCPUPathAndThePackagesOfDrivers() throws {
    let outcome = try flawless("devices", environment: withoutDrivers)
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("* cpu  OpenBLAS"))
    #expect(outcome.output.contains("self-test: passed"))
    for package in [
      "nvidia-opencl-icd", "mesa-opencl-icd", "intel-opencl-icd", "pocl-opencl-icd", "ocl-icd-libopencl1",
    ] {
      #expect(outcome.output.contains(package))
    }
  }

  @Test func devicesWritesJSON() throws {
    let json = try flawless("devices", "--json", "-", environment: withoutDrivers).json()
    let devices = try #require(json["devices"] as? [[String: Any]])
    #expect(devices.count == 1)
    #expect(devices[0]["name"] as? String == "cpu")
    #expect(devices[0]["self_test"] as? String == "passed")
    #expect(devices[0]["automatic"] as? Bool == true)
    #expect((json["opencl_problem"] as? String)?.contains("OpenCL") == true)
  }
}
