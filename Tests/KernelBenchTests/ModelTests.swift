import ComputeOpenCL
import Foundation
import OpCatalogue
import TestSupport
import Testing

@testable import kernel_bench

@Suite("kernel-bench model")
struct ModelTests {
  private static let library = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
  private static let hasOclgrind = FileManager.default.fileExists(atPath: library)

  private static let hot = [
    "attention_forward", "convolution_grouped", "convolution_tiles", "coreset_update", "depthwise_forward",
    "gradients_grouped", "gradients_weights", "neighbours_candidates", "neighbours_rank", "normalization_backward",
    "normalization_forward", "normalization_gradient_sums", "normalization_run", "normalization_run_backward",
    "normalization_slices", "pooling_backward", "pooling_forward", "random_fill", "reduction_columns",
    "reduction_position", "reduction_rows", "resampling_backward", "resampling_forward", "softmax_backward",
    "softmax_rows", "winograd_input", "winograd_output", "winograd_weights",
  ]

  @Test func everyKernelHasAModel() throws {
    let models = try KernelModels(texts: KernelFolder.texts(in: nil))
    #expect(models.problems == [])
    // Found in the text in another way: a kernel's name begins with the file's.
    let named = try KernelFolder.texts(in: nil).flatMap { file, text in
      text.matches(of: /\bvoid (\w+)\(/).map { String($0.1) }.filter { $0.hasPrefix(file + "_") }
    }
    let ofTheOtherShape: Set = [
      "winograd_tiles", "winograd_taps", "winograd_gradient", "winograd_gradient_inputs", "winograd_gradient_outputs",
      "gradients_depthwise", "gradients_transpose_taps", "indexing_transpose", "pooling_maximum_backward",
      "softmax_row", "filtering_across", "depthwise_rows", "sequence_run",
    ]
    #expect(Set(named).subtracting(ofTheOtherShape) == Set(models.models.keys))
    for kernel in Self.hot {
      #expect(models.models[kernel]?.needs != nil && models.models[kernel]?.typical != nil, "\(kernel)")
    }
  }

  @Test func aKernelWithoutAModelIsFound() throws {
    var texts = try KernelFolder.texts(in: nil)
    texts["softmax"]? += "\nkernel void softmax_new(global float *y, int n) {}\n"
    #expect(try KernelModels(texts: texts).problems == ["softmax_new has no model in its header."])
    texts["softmax"]? += "// Model of softmax_new: stores = n * rows\n// Model of softmax_old: results = 1\n"
    #expect(
      try KernelModels(texts: texts).problems == [
        "The model of softmax_new does not say how many results there are.",
        "The model of softmax_new uses 'rows', which is not known there.",
        "There is a model of softmax_old, and no such kernel.",
      ])
  }

  @Test(
    arguments: [
      ("2 + 3 * 4 - 1", 13), ("(2 + 3) * 4 / 8", 2.5), ("-2 * n", -14), ("up(n, 4) + ceil(n / 4) + floor(n / 4)", 11),
      ("(n == 7) + 2 * (n < 7)", 1), ("min(n, 3) + max(n, 3) + log(1)", 10), ("twice(n + 1)", 16),
      // Three taps with one pixel of padding on four pixels: 2 + 3 + 3 + 2.
      ("taps(4, 3, 1, 1, 1, 4)", 10), ("squared_taps(4, 3, 1, 1, 1, 4)", 26), ("taps(2, 3, 2, 1, 0, 4)", 5),
    ] as [(String, Double)])
  func formulasHaveValues(text: String, value: Double) throws {
    let twice = Formula.Definition(parameters: ["k"], body: .binary("*", .number(2), .name("k")))
    let scope = Formula.Scope(values: ["n": 7], definitions: ["twice": twice])
    #expect(try Formula(parsing: text).value(in: scope) == value)
  }

  @Test(arguments: ["", "2 +", "2 3", "(n", "f(", "n)", "2 * * n", "n; n"])
  func malformedFormulasAreRefused(text: String) {
    #expect(throws: (any Error).self) { try Formula(parsing: text) }
  }

  @Test(arguments: ["m", "min(1)", "unknown(1)"])
  func unknownNamesHaveNoValue(text: String) throws {
    let formula = try Formula(parsing: text)
    #expect(throws: (any Error).self) { try formula.value(in: Formula.Scope()) }
  }

  private static let header = """
    #define SIZES \\
      int rows, \\
      int columns
    // Model of cost(kind) = 2 *
    //     (kind == 1)
    // Words before it.
    // Model of a_sum
    //   typical: 1.5 operations a byte in reduce outer=1 reduced=9 inner=1 f=sum
    //   needs: 100 registers, 8000 bytes local, 64 items: 6 groups a unit by local memory
    //   results = rows; loads = rows *
    //     columns
    //   operations = rows * cost(1)
    #if SHAPE_CPU
    kernel void a_sum(global float *x, int other) {}
    kernel void a_task(global float *x) {}
    #else
    kernel __attribute__((reqd_work_group_size(64, 1, 1)))
    void a_sum(global const float *x, SIZES, float factor) {}
    #endif
    """

  @Test func headersAreRead() throws {
    let models = try KernelModels(texts: ["a": Self.header])
    #expect(models.problems == [])
    #expect(models.arguments == ["a_sum": ["x", "rows", "columns", "factor"]])
    let model = try #require(models.models["a_sum"])
    #expect(model.typical?.problem == "reduce outer=1 reduced=9 inner=1 f=sum" && model.typical?.intensity == 1.5)
    let launch = LaunchRecord(kernel: "a2_sum", size: [128], group: [64], numbers: [nil, 3, 5, 0.5])
    #expect(models.model(of: launch) == model)
    let stated = try model.evaluated(
      launch, arguments: ["x", "rows", "columns", "factor"], definitions: models.definitions, vectorWidth: 4)
    #expect(stated.results == 3 && stated.quantities[.loads] == 15 && stated.quantities[.operations] == 6)
    #expect(stated.quantities[.stores] == 0 && stated.isValid)
    let wrong = Self.header.replacingOccurrences(of: "6 groups", with: "9 groups")
    #expect(try KernelModels(texts: ["a": wrong]).problems == ["a_sum: 6 groups fit a unit by local memory."])
  }

  @Test(arguments: ["results: rows", "results = rows +", "needs: some registers"])
  func malformedHeadersAreRefused(line: String) {
    let text = Self.header.replacingOccurrences(of: "operations = rows * cost(1)", with: line)
    #expect(throws: (any Error).self) { try KernelModels(texts: ["a": text]) }
  }

  @Test func oclgrindsCountsAreRead() {
    let counts = OclgrindCounts.all(
      in: """
        Instructions executed for kernel 'a_sum':
                     100 - add
                      60 - load private (240 bytes)
                      50 - load global (400 bytes)
                      40 - call _Z7vload16mPU3AS1Kf()
                      31 - call _Z7vstore4Dv4_fmPU3AS3f()
                      30 - store global (120 bytes)
                      20 - call _Z3fmafff()
                      10 - call _Z3fmaDv4_fS_S_()
                       9 - call llvm.fmuladd.v4f32()
                       8 - call _Z6selectffi()
                       7 - fadd
                       6 - call _Z13convert_floatj()
                       5 - call _Z3expf()
                       4 - call _Z10vload_halfmPU3AS1KDh()
                       3 - call llvm.lifetime.start.p0i8()

        Instructions executed for kernel 'a_next':
                       2 - load local (8 bytes)
        """)
    #expect(counts.map(\.kernel) == ["a_sum", "a_next"])
    // 100 words, 40 times 16, 4 halves.
    #expect(counts[0].quantities[.loads] == 742)
    #expect(counts[0].quantities[.stores] == 30 && counts[0].quantities[.localStores] == 124)
    // Of multiply-adds 20, 10 times 4 lanes and 9 times 4 lanes; 7 additions, 5 functions.
    #expect(counts[0].quantities[.operations] == 204)
    #expect(counts[1].quantities == [.localLoads: 2])
  }

  private func model(_ arguments: String...) throws -> ProgramRun.Outcome {
    try ProgramRun("kernel-bench", ["model", "--ops", "softmax", "--quiet"] + arguments).wait(seconds: 300)
  }

  /// The kernels with another text in the header of softmax.
  private func changed(_ old: String, _ new: String, _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("model-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try KernelFolder.write(to: folder)
    let file = folder.appendingPathComponent("softmax.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    let range = try #require(text.range(of: old), "\(old)")
    try text.replacingCharacters(in: range, with: new).write(to: file, atomically: true, encoding: .utf8)
    try body(folder.path)
  }

  @Test(.enabled(if: hasOclgrind, "Oclgrind is not installed"))
  func modelsAreComparedWithCounts() throws {
    let outcome = try model()
    #expect(outcome.status == 0 && outcome.output.contains("softmax_rows"), "\(outcome.output) \(outcome.errors)")
    #expect(outcome.output.hasSuffix("2 passed, 0 failed, 0 skipped\n"))
  }

  @Test(
    .enabled(if: hasOclgrind, "Oclgrind is not installed"),
    arguments: [
      ("loads = 3 * results", "loads = 4 * results", "FAILED: loads"),
      ("(7 - 2 * logarithmic)", "(5 - 2 * logarithmic)", "FAILED: operations"),
      ("i < columns; i += 64) largest", "i < columns; i += 32) largest", "FAILED: loads"),
      ("254 * groups", "0", "FAILED: local stores"), ("256 bytes local", "260 bytes local", "takes 256 bytes"),
      ("20 registers, 256", "80 registers, 256", "FAILED: softmax_rows: 12 groups fit a unit by registers."),
      ("typical: ", "typical: 9", "operations a byte by its model"),
      ("// Model of softmax_rows", "// No model", "FAILED: softmax_rows has no model in its header."),
    ])
  func wrongModelsAreReported(old: String, new: String, finding: String) throws {
    try changed(old, new) { folder in
      let outcome = try model("--kernel-dir", folder)
      #expect(outcome.status == 1 && outcome.output.contains(finding), "\(outcome.output) \(outcome.errors)")
    }
  }

  /// What another platform counts is nothing, which must not pass.
  @Test(.enabled(if: hasOclgrind, "Oclgrind is not installed"))
  func anotherPlatformIsRefused() throws {
    let vendors = FileManager.default.temporaryDirectory.appendingPathComponent("vendor-\(UUID().uuidString).icd")
    defer { try? FileManager.default.removeItem(at: vendors) }
    let pocl = try String(contentsOfFile: "/etc/OpenCL/vendors/pocl.icd", encoding: .utf8)
    try pocl.write(to: vendors, atomically: true, encoding: .utf8)
    let outcome = try model("--oclgrind", vendors.path)
    #expect(outcome.status == 1 && outcome.errors.contains("not Oclgrind's"), "\(outcome.output) \(outcome.errors)")
  }

  @Test func aMissingOclgrindIsSaid() throws {
    let outcome = try model("--oclgrind", "/nonexistent.so")
    #expect(outcome.status == 0 && outcome.output.hasSuffix("0 passed, 0 failed, 1 skipped\n"), "\(outcome.output)")
    #expect(outcome.output.contains("skipped: /nonexistent.so is not there"))
  }
}
