import Foundation
import TestSupport
import Testing

@Suite("Wrong use ends with 2, before anything is done")
struct WrongUseTests {
  @Test(arguments: [
    (["fly"], "Unexpected argument 'fly'"),
    (["compare", "m", "--data", "x"], "Name at least two models."),
    (["compare", "m", "n", "--data", "x", "--draws", "0"], "--draws must be between 1 and 100000."),
    (
      ["generate", "train", "--data", "x", "--category", "y", "--all-categories", "-o", "z"],
      "Only one of --category and --all-categories"
    ),
    (["generate", "train", "--data", "x", "--size", "100", "-o", "z"], "The generator's size must be a multiple of 8"),
    (["generate", "sample", "g", "-o", "z", "--encoder", "none", "--refine", "3"], "--refine need an encoder."),
    (["generate", "sample", "g", "-o", "z", "--count", "0"], "--count must be at least 1."),
    (["generate", "sample", "g", "-o", "z", "--budget", "0"], "--budget must be above 0."),
    (["generate", "sample", "g", "-o", "z", "--prompt-every", "2"], "rounds between prompts"),
    (["train", "--data", "x"], "Missing expected argument"),
    (["train", "-o", "m"], "Name pictures with --data, with --normal, or with --manifest."),
    (["train", "--data", "x", "--manifest", "y", "-o", "m"], "--manifest cannot be used with --data"),
    (["train", "--manifest", "x", "--normal", "y", "-o", "m"], "--manifest cannot be used with --data or folders"),
    (["train", "--dataset", "btad", "--normal", "y", "-o", "m"], "--dataset btad has folders of its own"),
    (["evaluate", "m", "--normal-test", "x", "--masks", "y"], "--masks needs --abnormal."),
    (["datasets", "check"], "Name pictures with --data"),
    (["train", "--data", "x", "--category", "y", "-o", "m", "--draw", "7"], "--draw needs --shots."),
    (["train", "--data", "x", "--category", "y", "-o", "m", "--shots", "few"], "'few' is invalid"),
    (["train", "--data", "x", "--category", "y", "-o", "m", "--device", "gpu"], "'gpu' is no device"),
    (["train", "--data", "x", "--category", "y", "-o", "m", "--threads", "0"], "--threads must be at least 1."),
    (["train", "--data", "x", "--category", "y", "-o", "m", "--memory-limit", "0"], "--memory-limit must be"),
    (["evaluate", "m", "--data", "x", "--category", "y", "--evaluate-size", "big"], "--evaluate-size is 'original'"),
    (["evaluate", "m", "--data", "x", "--category", "y", "--json", "-", "--csv", "-"], "Only one of --json and --csv"),
    (["predict", "m", "x", "-o", "out", "--watch", "--json", "y"], "--json cannot be used with --watch"),
    (["predict", "m", "/nowhere/at/all", "-o", "out", "--watch"], "--watch takes folders"),
    (
      ["train", "--normal", "x", "-o", "y", "--detector", "reverse-distillation", "--patience", "3"],
      "--validation-steps and --patience need --validation-part."
    ),
    (
      ["train", "--normal", "x", "-o", "y", "--detector", "reverse-distillation", "--variants", "4"],
      "--variants needs something that varies"
    ),
    (
      ["train", "--normal", "x", "--extend", "m", "--generated", "y"],
      "--generated cannot be added with --extend; train anew"
    ),
    (
      [
        "train", "--normal", "x", "-o", "y", "--detector", "reverse-distillation", "--student", "z", "--generated", "w",
      ], "--generated cannot be used with --student, which is trained already."
    ),
    (["prompts"], "Name the product with --keyword, with --category, or with --data."),
    (["prompts", "--keyword", "x", "--shots", "4"], "--shots needs --data or --normal."),
    (["prompts", "--keyword", "x", "--template", "a {object}"], "needs {object} and {word}"),
    (["prompts", "--keyword", "x", "--weights", "y"], "--weights and --activation are options of --encoder clip."),
    (["prompts", "--data", "x", "--encoder", "none"], "--encoder none looks at no pictures"),
    (["prompts", "--keyword", "x", "--kind", "gadget"], "'gadget' is invalid"),
    (["weights", "add"], "Missing expected argument"),
  ])
  func itIsNamed(_ arguments: [String], _ words: String) throws {
    let outcome = try ProgramRun("flawless", arguments).wait()
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(outcome.output == "")
  }

  @Test func theEnvironmentsDeviceIsCheckedToo() throws {
    let product = try SmallProduct.shared.get()
    let outcome = try flawless(
      "train", "--data", product.root, "--category", SmallPictures.category, "-o", "\(product.root)/never.model",
      environment: ["FLAWLESS_DEVICE": "abacus"])
    #expect(outcome.status == 2)
    #expect(
      outcome.errors == "flawless: FLAWLESS_DEVICE=abacus is no device; use auto, cpu, opencl, opencl:0:0 or "
        + "opencl:<part of a name>.\n")
  }
}
