import Foundation
import TestSupport
import Testing

@Suite("Results that cannot be written are errors in one sentence")
struct OutputTests {
  private func isOneSentence(_ text: String) -> Bool {
    text.hasPrefix("flawless: ") && text.hasSuffix(".\n") && text.count { $0 == "\n" } == 1
  }

  @Test(arguments: [["weights", "list"], ["weights", "list", "--json", "-"], ["--help"], ["--version"]])
  func aFullDiskBehindStandardOutput(_ arguments: [String]) throws {
    let outcome = try ProgramRun("flawless", arguments, output: .path("/dev/full")).wait()
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: Standard output cannot be written: no space left on device.\n")
  }

  @Test func aClosedPipe() throws {
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let outcome = try flawless("weights", "list", output: .descriptor(ends[1]))
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: Standard output cannot be written: broken pipe.\n")
  }

  @Test func aClosedStandardOutput() throws {
    let outcome = try flawless("weights", "list", output: .closed)
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: Standard output cannot be written: bad file descriptor.\n")
  }

  @Test func aFullStandardErrorIsNoReasonToFail() throws {
    #expect(try flawless("weights", "list", errors: .path("/dev/full")).status == 0)
  }

  @Test func aDeviceFileIsWrittenToAndNotReplaced() throws {
    let outcome = try flawless("weights", "list", "--json", "/dev/full")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: /dev/full cannot be written: no space left on device.\n")
    #expect(try flawless("weights", "list", "--json", "/dev/null").status == 0)
    for path in ["/dev/full", "/dev/null"] {
      let kind = try FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      #expect(kind == .typeCharacterSpecial, "\(path)")
    }
  }

  @Test func aFullLogStopsTheRun() throws {
    let product = try SmallProduct.shared.get()
    let outcome = try flawless(
      "train", "--data", product.root, "--category", SmallPictures.category, "-o", "\(product.root)/never.model",
      "--log", "/dev/full")
    #expect(outcome.status == 1)
    #expect(outcome.errors == "flawless: /dev/full cannot be written: no space left on device.\n")
  }

  @Test(arguments: ["--json", "--csv", "--report"])
  func placesThatCannotBeAreNamedBeforeTheWork(_ option: String) throws {
    let product = try SmallProduct.shared.get()
    // A file where a folder would have to be: refused also for the superuser.
    let outcome = try flawless(
      "evaluate", product.model, "--data", product.root, "--category", SmallPictures.category, option,
      "\(product.weights)/there/file")
    #expect(outcome.status == 1)
    #expect(isOneSentence(outcome.errors), "\(outcome.errors)")
    #expect(outcome.errors.contains("it is not a folder"))
  }

  /// Foundation traps on such a name's folder.
  @Test func aNameOfOneLetterIsAName() throws {
    let product = try SmallProduct.shared.get()
    let outcome = try flawless(
      "train", "--data", product.root, "--category", SmallPictures.category, "--device", "cpu", "--weights",
      "\(product.root)/none", "-o", "m")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("\(product.root)/none cannot be read"), "\(outcome.errors)")
  }

  @Test func aModelDoesNotReplaceAnotherFolder() throws {
    let product = try SmallProduct.shared.get()
    let outcome = try flawless(
      "train", "--data", product.root, "--category", SmallPictures.category, "-o",
      "\(product.root)/\(SmallPictures.category)")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("something else is there already"))
    #expect(FileManager.default.fileExists(atPath: "\(product.root)/\(SmallPictures.category)/train/good/000.png"))
  }

  @Test func aFaultInTheProgramIsAnInternalError() throws {
    let product = try SmallProduct.shared.get()
    for fault in [SIGABRT, SIGSEGV, SIGILL] {
      let run = try ProgramRun(
        "flawless",
        [
          "predict", product.model, product.root, "-o", "\(product.root)/results", "--watch", "--weights",
          product.weights,
          "--device", "cpu",
        ])
      #expect(eventually { run.errorsSoFar.contains("device: cpu") })
      run.signal(fault)
      let outcome = run.wait()
      #expect(outcome.status == 7)
      #expect(outcome.errors.contains("flawless: internal error"))
    }
  }
}
