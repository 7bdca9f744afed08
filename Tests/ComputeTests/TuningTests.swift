import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

struct TuningTests {
  @Test(arguments: ["TILE=8 BLOCK=4", "VW=4", "KEYS=64 QUERY_TILE=4", "STEP_DEPTH=8 STEP_UNROLL=2", ""])
  func choicesAreReadAsTheyAreWritten(text: String) throws {
    #expect(try #require(TilingChoice(text)).description == text)
  }

  /// Values that no kernel can be built for, and words that no kernel has.
  @Test(arguments: [
    "TILE=0", "TILE=17", "KEYS=48", "KEYS=0", "VW=5", "SIDE=3", "TILE", "TILE=x", "QUERY_TILES=65", "STEP_DEPTH=12",
  ])
  func illegalChoicesAreRefused(text: String) { #expect(TilingChoice(text) == nil) }

  /// Two tiles of 64 floats a depth; choices of other things take none.
  @Test(arguments: [("STEP_DEPTH=64", 32768), ("STEP_DEPTH=8 STEP_UNROLL=2", 4096), ("TILE=8", 0)])
  func localMemoryOfAChoice(text: String, bytes: Int) throws {
    #expect(try #require(TilingChoice(text)).localMemory == bytes)
  }

  @Test func laterChoicesReplaceEarlierOnes() throws {
    let merged = try #require(TilingChoice("TILE=4 ROWS=4")).merging(try #require(TilingChoice("TILE=8")))
    #expect(merged.description == "TILE=8 ROWS=4")
  }

  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tuning-\(UUID().uuidString)")

  private func written(_ change: (inout Tuning) -> Void = { _ in }) throws {
    var tuning = Tuning(device: "a device", driver: "a driver")
    for (files, parameters, verdict) in [
      (["attention"], "KEYS=64", Tuning.Entry.Verdict.chosen), (["convolution"], "TILE=3", .wrong),
    ] {
      tuning.entries.append(
        Tuning.Entry(
          files: files, shape: .cpu, choice: try #require(TilingChoice(parameters)), verdict: verdict, ratio: 0.9,
          source: try Tuning.sourceHash(files, folder: nil)))
    }
    change(&tuning)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try tuning.encoded().write(to: Tuning.file(for: "a driver", in: folder))
  }

  @Test func whatWasChosenIsTaken() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(Tuning.read(for: "a driver", in: folder) == nil)
    try written()
    let tuning = try #require(Tuning.read(for: "a driver", in: folder))
    #expect(tuning.choice(.cpu, folder: nil).description == "KEYS=64")
    #expect(tuning.choice(.gpu, folder: nil).isEmpty)
    #expect(Tuning.read(for: "another driver", in: folder) == nil)
  }

  /// Kernels that have changed since may like other tiles.
  @Test func choicesForOtherTextsAreIgnored() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try written { $0.entries[0].source = "0123" }
    #expect(try #require(Tuning.read(for: "a driver", in: folder)).choice(.cpu, folder: nil).isEmpty)
  }

  @Test func damagedFilesAndOtherDevicesFilesAreIgnored() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    try written()
    let file = Tuning.file(for: "a driver", in: folder)
    let text = try String(contentsOf: file, encoding: .utf8)
    for (old, new) in [("a driver", "its successor"), ("tuning/1", "tuning/2"), ("{", "")] {
      try text.replacingOccurrences(of: old, with: new).write(to: file, atomically: true, encoding: .utf8)
      #expect(Tuning.read(for: "a driver", in: folder) == nil, "\(new)")
    }
  }

  /// Host and kernels agree on tiles that are not the built-in ones.
  @Test(
    .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"),
    arguments: [
      ("TILE=3 BLOCK=5", .cpu), ("VW=4 TILE=5", .cpu), ("STEP_DEPTH=4 STEP_UNROLL=1", .gpu),
      ("STEP_DEPTH=64 STEP_UNROLL=16", .gpu),
    ] as [(String, KernelShape)])
  func productsAreRightOnOtherTiles(text: String, shape: KernelShape) throws {
    let description = try #require(try OpenCL.devices().first { $0.traits.kind == .cpu }, "no OpenCL CPU device")
    let choice = try #require(TilingChoice(text))
    let device = try OpenCLDevice(description, shape: shape, cache: nil, choice: choice)
    #expect(device.choice == choice && device.holds(choice))
    let problem = try MatrixProblem(rows: 37, columns: 41, depth: 29)
    let a = (0..<37 * 29).map { Float($0 % 7) }
    let b = (0..<29 * 41).map { Float($0 % 5) }
    let c = try Storage(count: 37 * 41, on: device)
    try device.multiply(
      problem, Storage(a, on: device), Storage(b, on: device), into: c, scale: 1, accumulate: false)
    var expected = [Float](repeating: 0, count: 37 * 41)
    for row in 0..<37 {
      for column in 0..<41 {
        for k in 0..<29 { expected[row * 41 + column] += a[row * 29 + k] * b[k * 41 + column] }
      }
    }
    #expect(try c.values() == expected)
  }
}
