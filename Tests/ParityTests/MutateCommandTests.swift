import Foundation
import TestSupport
import Testing

@Suite("parity mutate", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct MutateCommandTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test func brokenKernelsAreKilled() throws {
    let outcome = try parity(
      "mutate", "--kernels", "reduction_position", "--count", "3", "--loops", "\(root)/Sources/CLoops", "--justified",
      "\(root)/Tools/parity/equivalent-mutants.txt", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("3 passed, 0 failed, 0 skipped"))
  }

  @Test func mutantsAreListedByTheirLine() throws {
    let outcome = try parity("mutate", "--list", "--kernels", "filtering_pass", "--loops", "\(root)/Sources/CLoops")
    #expect(outcome.output.contains("filtering.cl:"))
    #expect(outcome.output.contains("filtering_pass (gpu): if (i >= n) return; -> if (i > n) return;"))
  }
}
