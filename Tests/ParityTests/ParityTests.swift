import Foundation
import TestSupport
import Testing

@Suite("parity")
struct ParityTests {
  @Test func aRunEndsWithItsCounts() throws {
    let outcome = try parity("run", "--device", "cpu", "--ops", "pool,clamp", "--tiny", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").last == "62 passed, 0 failed, 0 skipped")
    #expect(outcome.errors.isEmpty)
  }

  @Test func withoutOpenCLTheCPUPathIsTested() throws {
    let outcome = try parity(
      "run", "--ops", "clamp", "--tiny",
      environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("skipped: OpenCL: "))
    #expect(outcome.errors.contains("Only the CPU path is tested: "))
    let named = try parity(
      "run", "--ops", "clamp", "--tiny", "--device", "opencl",
      environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(named.status == 3)
    #expect(named.errors.contains("no OpenCL platform is installed"))
  }

  @Test(arguments: [
    (["run", "--ops", "fly"], "No operation is called 'fly'"),
    (["run", "--data", "moss"], "'moss' is no kind of data"),
    (["run", "--device", "abacus"], "'abacus' is no device"), (["fuzz", "--time", "soon"], "'soon' is no time"),
    (["run", "--timeout", "0"], "--timeout must be positive"),
    (["run", "--kernel-dir", "/nonexistent"], "no prelude.cl"),
    (["replay", "op=fill n=1", "--variant", "vast"], "There is no variant 'vast'"),
    (["run", "--offset", "0,x"], "'0,x' is no list of offsets"),
    (["nan", "--data", "normal"], "parity nan takes --data poison or infinite"),
    (["matrix", "--no-isolate"], "--no-isolate does not go with parity matrix"),
    (["fuzz", "--shapes", "n=1"], "Unknown option '--shapes'"),
    (["race", "--variant", "blas"], "no shape of the kernels"),
    (["list", "--timeout", "0"], "--timeout must be positive"),
  ])
  func wrongUseIsNamed(_ arguments: [String], _ words: String) throws {
    let outcome = try ProgramRun("parity", arguments).wait()
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains(words))
  }

  /// Nothing tested is not passed.
  @Test func anEmptyRunFails() throws {
    let outcome = try parity("run", "--device", "cpu", "--ops", "fill", "--data", "poison")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("nothing was tested"))
  }

  @Test func reportsAreWritten() throws {
    try withTemporaryFolder { folder in
      let path = { (name: String) in folder.appendingPathComponent(name).path }
      let outcome = try parity(
        "run", "--device", "cpu", "--ops", "fill", "--tiny", "--json", path("a.json"), "--junit", path("a.xml"), "--md",
        path("a.md"), "--update-baseline", path("errors.json"), "--quiet")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("a.json"))) as? [String: Any])
      #expect(json["schema"] as? String == "parity/1")
      let cases = try #require(json["cases"] as? [[String: Any]])
      #expect(cases.count == 4)
      #expect(cases[0]["status"] as? String == "passed")
      #expect(try String(contentsOfFile: path("a.xml"), encoding: .utf8).contains("tests=\"4\" failures=\"0\""))
      #expect(try String(contentsOfFile: path("a.md"), encoding: .utf8).contains("| fill | blas | 4 | ok |"))
    }
  }

  @Test func errorsThatGrowAreReported() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("errors.json").path
      try Data("{\"blas affine n=257\": 0.01}".utf8).write(to: URL(fileURLWithPath: path))
      let outcome = try parity("run", "--device", "cpu", "--ops", "affine", "--baseline", path)
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("error regression: blas affine n=257 grew from 0.01 to "))
    }
  }

  @Test func oneCaseIsReplayedAndDumped() throws {
    try withTemporaryFolder { folder in
      let dump = folder.appendingPathComponent("case").path
      let outcome = try parity(
        "replay", "op=pool h=3 w=3 c=1 k=2 s=1 kind=max data=index", "--device", "cpu", "--dump", dump)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        try String(contentsOfFile: "\(dump)/y.blas.txt", encoding: .utf8) == "# y [1, 2, 2, 1]\n4.0\n5.0\n7.0\n8.0\n")
    }
  }

  @Test func fuzzingRunsTheNumberOfCasesAskedFor() throws {
    let arguments = ["fuzz", "--cases", "40", "--device", "cpu", "--ops", "copy,permute,pool", "--quiet"]
    let first = try ProgramRun("parity", arguments).wait()
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("40 passed, 0 failed, 0 skipped"))
  }

  @Test func adjointsAreChecked() throws {
    let outcome = try parity("grad", "--device", "cpu", "--ops", "permute,resample", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("50 passed, 0 failed, 0 skipped"))
  }
}
