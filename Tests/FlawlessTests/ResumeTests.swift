import Foundation
import TestSupport
import Testing

/// Trainings in steps that real processes lose, and go on with.
@Suite("flawless train --resume")
struct ResumeTests {
  private static let steps = 6

  /// - path: of the model
  private static func arguments(_ product: SmallProduct, _ device: String, _ path: String) -> [String] {
    [
      "train", "--detector", "reverse-distillation", "--data", product.root, "--category", SmallPictures.category,
      "--weights", product.weights, "--size", "64", "--steps", "\(steps)", "--batch", "2", "--checkpoint-steps", "1",
      "--device", device, "--tuning", "off", "-o", path,
    ]
  }

  private static func lines(_ path: String) -> Int {
    FileManager.default.contents(atPath: path).map { $0.count { $0 == UInt8(ascii: "\n") } } ?? 0
  }

  @Test(arguments: ["cpu", "opencl"])
  func aKilledTrainingEndsInTheSameBytes(_ device: String) throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (whole, resumed) = ("\(folder.path)/whole.model", "\(folder.path)/resumed.model")
      let uninterrupted = try ProgramRun("flawless", Self.arguments(product, device, whole)).wait()
      try #require(uninterrupted.status == 0, "\(uninterrupted.errors)")
      // In the model's own training, or in that of the first fold.
      let (name, step) = (["model", "fold-1"].randomElement() ?? "model", Int.random(in: 1..<Self.steps))
      let killed = try ProgramRun("flawless", Self.arguments(product, device, resumed))
      #expect(eventually { Self.lines("\(resumed).training/\(name).jsonl") >= step })
      killed.signal(SIGKILL)
      #expect(killed.wait().status == -SIGKILL, "killed at step \(step) of \(name)")
      #expect(!FileManager.default.fileExists(atPath: resumed))
      let outcome = try ProgramRun("flawless", Self.arguments(product, device, resumed) + ["--resume"]).wait()
      try #require(outcome.status == 0, "\(outcome.errors)")
      for file in ["weights.safetensors", "model.json", "split.json"] {
        let (first, second) = ([whole, resumed].map { FileManager.default.contents(atPath: "\($0)/\(file)") })
          .withUnsafeBufferPointer { ($0[0], $0[1]) }
        #expect(first != nil && first == second, "\(file), killed at step \(step) of \(name)")
      }
      #expect(Self.lines("\(resumed)/training.jsonl") == Self.steps)
      #expect(!FileManager.default.fileExists(atPath: "\(resumed).training"))
    }
  }

  @Test func whatFailsBeforeTheFirstStepLeavesNothing() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.model"
      var arguments = Self.arguments(product, "cpu", path)
      arguments[arguments.firstIndex(of: "64") ?? 0] = "100"
      let outcome = try ProgramRun("flawless", arguments).wait()
      #expect(outcome.status == 1)
      #expect(outcome.errors.hasSuffix("The size must be a multiple of 32 between 64 and 4096 pixels.\n"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func ctrlCSaysHowToGoOn() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.model"
      let run = try ProgramRun("flawless", Self.arguments(product, "cpu", path))
      #expect(eventually { Self.lines("\(path).training/model.jsonl") >= 1 })
      run.signal(SIGINT)
      let outcome = run.wait()
      #expect(outcome.status == 130)
      #expect(outcome.errors.hasSuffix("flawless: Interrupted; --resume goes on with the training.\n"))
      // PatchCore has no steps to go on with, and other pictures are another training.
      let patchCore = try flawless(
        "train", "--data", product.root, "--category", SmallPictures.category, "--resume", "-o", path)
      #expect(patchCore.status == 2 && patchCore.errors.contains("--resume goes on with trainings in steps"))
      let other = try ProgramRun(
        "flawless", Self.arguments(product, "cpu", path) + ["--resume", "--shots", "2"]
      ).wait()
      #expect(other.status == 1)
      #expect(other.errors.contains("the training there is of other pictures or settings"))
    }
  }
}
