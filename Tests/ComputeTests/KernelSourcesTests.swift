import CKernels
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("The kernels' sources")
struct KernelSourcesTests {
  private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Kernels")

  @Test func everyFileIsEmbeddedAsItStands() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".cl") }
    let embedded = (0..<ckernels_count()).map { String(cString: ckernels_name($0)) + ".cl" }
    #expect(embedded.sorted() == files.sorted())
    for index in 0..<ckernels_count() {
      let file = folder.appendingPathComponent(String(cString: ckernels_name(index)) + ".cl")
      #expect(try String(cString: ckernels_source(index)) == String(contentsOf: file, encoding: .utf8))
    }
  }

  /// Float atomics would make results depend on scheduling; sequences count their items, in integers.
  @Test func noKernelUsesAtomics() throws {
    for index in 0..<ckernels_count() where String(cString: ckernels_name(index)) != "sequence" {
      #expect(!String(cString: ckernels_source(index)).contains("atomic"))
    }
  }

  /// A visible sign that both kernel shapes are tested here.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func bothShapesAreUnderTest() {
    for shape in KernelShape.allCases { #expect(TestDevice.openCL.contains { $0.name.contains("\(shape) kernels") }) }
  }
}
