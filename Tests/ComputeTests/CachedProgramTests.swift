import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

/// Each test runs in a process of its own, for the counters. The first run on a machine takes seconds: PoCL compiles more
/// for a binary than for a launch.
@Suite(
  "Programs from the cache", .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
struct CachedProgramTests {
  @Test func programsComeFromTheCacheWithoutTheirSource() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      try withTemporaryFolder { folder in
        let cache = ProgramCache(folder: folder)
        try cachedWork(cache, store: false)
        #expect(try names(folder) == [])
        try cachedWork(cache, store: true)
        #expect(try names(folder).count == 2)
        let built = OpenCLFaults.calls(of: "clCreateProgramWithSource")
        #expect(built == 4)
        try cachedWork(cache, store: true)
        #expect(OpenCLFaults.calls(of: "clCreateProgramWithSource") == built)
        #expect(OpenCLFaults.calls(of: "clCreateProgramWithBinary") == 2)
        // Loaded programs are not fetched again.
        #expect(OpenCLFaults.calls(of: "clGetProgramInfo") == 4)
        #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:])
      }
    }
  }

  /// Whole and signed for, but no program.
  @Test func whatTheDriverRefusesIsBuiltFromItsSource() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      try withTemporaryFolder { folder in
        let cache = ProgramCache(folder: folder)
        try cachedWork(cache, store: true)
        for name in try names(folder) { try replacePayload(folder.appendingPathComponent(name)) }
        try cachedWork(cache, store: false)
        #expect(try names(folder) == [])
        #expect(OpenCLFaults.calls(of: "clCreateProgramWithSource") == 4)
        #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:])
      }
    }
  }

  @Test func failingCallsOfTheCacheFallBack() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      try withTemporaryFolder { folder in
        let cache = ProgramCache(folder: folder)
        // Storing fails: two calls a program, the first program's size, its contents, and the second one's size.
        for (call, stored) in [(1, 1), (2, 1), (3, 1)] {
          OpenCLFaults.arm(function: "clGetProgramInfo", call: call, code: -44, lasting: .once)
          try cachedWork(cache, store: true)
          #expect(try names(folder).count == stored, "clGetProgramInfo, call \(call)")
          for name in try names(folder) { try FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }
        }
        OpenCLFaults.disarm()
        for function in ["clCreateProgramWithBinary", "clBuildProgram"] {
          try cachedWork(cache, store: true)
          #expect(try names(folder).count == 2)
          OpenCLFaults.arm(function: function, call: 1, code: -42, lasting: .once)
          try cachedWork(cache, store: false)
          #expect(try names(folder).count == 1, "\(function)")
        }
        #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:])
      }
    }
  }

  @Test func aFreshDeviceIsNotWorthStoring() async {
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        let device = try OpenCLDevice(#require(OpenCL.devices().first), cache: ProgramCache(folder: folder))
        try device.fill(Storage(count: 3, on: device), with: 1)
        device.storePrograms(olderThan: .seconds(3600))
        #expect(try names(folder) == [])
      }
    }
  }
}

/// Launches kernels of two programs on a device of their own.
private func cachedWork(_ cache: ProgramCache, store: Bool) throws {
  let device = try OpenCLDevice(#require(OpenCL.devices().first), cache: cache)
  let x = try Storage([1, 2, 4], on: device)
  let y = try Storage(count: 3, on: device)
  try device.filter(
    FilteringProblem(batch: 1, height: 1, width: 3, radius: 1), x, taps: Storage([0, 2, 0], on: device), into: y)
  #expect(try y.values() == [4, 8, 16])
  let largest = try Storage(count: 1, on: device)
  try device.pool(PoolingProblem(.maximum, input: [1, 1, 3, 1], kernel: Extent2D(1, 3)), y, into: largest)
  #expect(try largest.values() == [16])
  if store { device.storePrograms() }
}

private func names(_ folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path)
}

/// Keeps a stored file's key, and gives it a payload that is no program.
private func replacePayload(_ file: URL) throws {
  let contents = try Data(contentsOf: file)
  let lines = contents.split(separator: UInt8(ascii: "\n"), maxSplits: 3)
  let size = try #require(Int(String(decoding: lines[1], as: UTF8.self)))
  let key = String(decoding: lines[3].dropLast(size + 2), as: UTF8.self)
  let replaced = ProgramCache.contents(Data("no program".utf8), keyText: key)
  #expect(ProgramCache.contents(contents.suffix(size), keyText: key) == contents)
  try replaced.write(to: file)
}
