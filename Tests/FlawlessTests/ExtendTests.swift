import Foundation
import Images
import TestSupport
import Testing

@Suite("flawless train: more pictures, and parts of them")
struct ExtendTests {
  private func train(_ product: SmallProduct, data: String, _ extra: [String]) throws -> ProgramRun.Outcome {
    try ProgramRun(
      "flawless",
      [
        "train", "--data", data, "--category", SmallPictures.category, "--weights", product.weights, "--device", "cpu",
      ] + extra
    ).wait()
  }

  /// A data set of new pictures, after those of the product's own that are named.
  private func write(_ seeds: [Int], known: [String] = [], of product: SmallProduct, to root: String) throws {
    let folder = URL(fileURLWithPath: "\(root)/\(SmallPictures.category)/train/good")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in known {
      try FileManager.default.copyItem(
        atPath: "\(product.root)/\(SmallPictures.category)/train/good/\(name)",
        toPath: folder.appendingPathComponent(name).path)
    }
    for seed in seeds {
      try SmallPictures.picture(seed: seed, defective: false).writePNG(
        to: folder.appendingPathComponent("n\(seed).png"))
    }
  }

  private func description(_ model: String) throws -> [String: Any] {
    let data = try #require(FileManager.default.contents(atPath: "\(model)/model.json"))
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func weights(_ model: String) -> Data? {
    FileManager.default.contents(atPath: "\(model)/weights.safetensors")
  }

  @Test func addingEqualsTrainingOnAllWhereAllPatchesStay() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (new, all) = ("\(folder.path)/new", "\(folder.path)/all")
      // One of the four pictures comes again under its name, and another new one twice.
      try write([300, 301], known: ["001.png"], of: product, to: new)
      try FileManager.default.copyItem(
        atPath: "\(new)/plate/train/good/n300.png", toPath: "\(new)/plate/train/good/n302.png")
      try write([300, 301], known: ["000.png", "001.png", "002.png", "003.png"], of: product, to: all)
      let (larger, together) = ("\(folder.path)/larger.model", "\(folder.path)/together.model")
      let before = weights(product.model)
      let outcome = try train(product, data: new, ["--extend", product.model, "-o", larger])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output.hasPrefix("added 2 pictures; trained on 6 pictures in "), "\(outcome.output)")
      #expect(outcome.output.hasSuffix("model: \(larger)\n"))
      #expect(outcome.errors.contains("passed over \(new)/plate/train/good/001.png: the model holds it already, as "))
      #expect(outcome.errors.contains("passed over \(new)/plate/train/good/n302.png: the model holds it already, as "))
      #expect(weights(product.model) == before)
      #expect(try train(product, data: all, ["--size", "64", "-o", together]).status == 0)
      let added = try #require(weights(larger))
      #expect(added == weights(together))
      // 6 pictures of 8 x 8 patches.
      let files = try [larger, together].map {
        try #require(try description($0)["trainingFiles"] as? [[String: String]])
      }
      #expect(files[0].map { $0["sha256"] } == files[1].map { $0["sha256"] })
      let threshold = try #require(try description(larger)["threshold"] as? [String: Any])
      #expect(threshold["heldOut"] as? Int == 6)
      #expect(
        (threshold["origin"] as? String)?.hasSuffix("and 2 pictures added later, each scored by a model without it")
          == true)
    }
  }

  @Test func withoutAnOutputTheModelItselfGrows() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let model = "\(folder.path)/own.model"
      try FileManager.default.copyItem(atPath: product.model, toPath: model)
      #expect(try flawless("threshold", "set", model, "--threshold", "9", "--minimum-area", "5").status == 0)
      let new = "\(folder.path)/new"
      try write([310], of: product, to: new)
      let outcome = try train(product, data: new, ["--extend", model])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("the threshold from the command line gives way to one at a false-alarm rate"))
      let threshold = try #require(try description(model)["threshold"] as? [String: Any])
      #expect(threshold["minimumArea"] as? String == "5" && threshold["heldOut"] as? Int == 5)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["new", "own.model"])
      let again = try train(product, data: new, ["--extend", model])
      #expect(again.status == 1)
      #expect(again.errors.hasSuffix("flawless: There is nothing to add: all 1 picture are in the model already.\n"))
    }
  }

  @Test func otherNetworksAreRefused() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let new = "\(folder.path)/new"
      try write([320], of: product, to: new)
      for (options, text) in [
        (["--size", "128"], "--size is 64 in the model, and stays that with --extend."),
        (["--backbone", "resnet18"], "--backbone is "), (["--coreset", "0.5"], "--coreset is 0.1 in the model"),
        (["--region", "x.png"], "--ignore-mask and --region are stored with the model"),
      ] {
        let outcome = try train(product, data: new, ["--extend", product.model] + options)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(text), "\(outcome.errors)")
      }
      let other = try ProgramRun(
        "flawless",
        [
          "train", "--data", new, "--category", SmallPictures.category, "--extend", product.model, "--weights",
          "random:5", "--device", "cpu", "-o", "\(folder.path)/never.model",
        ]
      ).wait()
      #expect(other.status == 1)
      #expect(other.errors.contains("The model was trained with the backbone weights "), "\(other.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/never.model"))
      #expect(try train(product, data: new, []).status == 2)
    }
  }

  /// The hole lies in columns 30 to 45 of 60: ignored, it is not found; a region elsewhere finds nothing either.
  @Test(arguments: [("--ignore-mask", true), ("--region", false)])
  func whatIsIgnoredIsNotFound(_ option: String, _ isSetInHole: Bool) throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (mask, model, pictures) = ("\(folder.path)/mask.png", "\(folder.path)/m.model", "\(folder.path)/in")
      let pixels = (0..<(30 * 4)).map { UInt8(($0 % 30 >= 13) == isSetInHole ? 1 : 0) }
      try Image(width: 30, height: 4, channels: 1, pixels: pixels).writePNG(to: URL(fileURLWithPath: mask))
      let trained = try train(
        product, data: product.root, ["--size", "64", option, mask, "--minimum-area", "3", "-o", model])
      #expect(trained.status == 0, "\(trained.errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: model).sorted()
          == ["ignored.png", "model.json", "split.json", "weights.safetensors"])
      let ignored = try #require(try description(model)["ignored"] as? [String: Any])
      #expect(ignored["isRegion"] as? Bool == !isSetInHole)
      // Columns of patches with their centre left of 26/60: 4, 12 and 20 of 64.
      #expect(ignored["inspectedPatches"] as? Int == 24 && ignored["patches"] as? Int == 64)
      try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
      for (name, defective) in [("fine", false), ("hole", true)] {
        try SmallPictures.picture(seed: 330, defective: defective)
          .writePNG(to: URL(fileURLWithPath: "\(pictures)/\(name).png"))
      }
      let outcome = try ProgramRun(
        "flawless",
        [
          "predict", model, pictures, "-o", "\(folder.path)/out", "--maps", "npy", "--weights", product.weights,
          "--device", "cpu", "--json", "-",
        ]
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let rows = try #require(try outcome.json()["pictures"] as? [[String: Any]])
      #expect(try outcome.json()["minimum_area"] as? String == "3")
      // But for the resizing's blur at the border, the hole has no influence.
      let scores = rows.compactMap { $0["score"] as? Double }
      #expect(scores.count == 2 && abs(scores[0] - scores[1]) <= 0.05 * scores[0])
      let map = try #require(FileManager.default.contents(atPath: "\(folder.path)/out/hole_map.npy"))
      let floats = SmallPictures.width * SmallPictures.height
      let values = map.suffix(floats * 4).withUnsafeBytes { bytes in
        (0..<floats).map { Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
      }
      for (place, value) in values.enumerated() { #expect((value == 0) == (place % SmallPictures.width >= 26)) }
      // A model whose mask is gone is no model.
      try FileManager.default.removeItem(atPath: "\(model)/ignored.png")
      let broken = try ProgramRun(
        "flawless",
        ["predict", model, pictures, "-o", "\(folder.path)/out", "--weights", product.weights, "--device", "cpu"]
      ).wait()
      #expect(broken.status == 1 && broken.errors.contains("\(model)/ignored.png"))
    }
  }

  @Test func aMaskOfEverythingAndAMissingOneAreNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let mask = "\(folder.path)/mask.png"
      try Image(width: 1, height: 1, channels: 1, pixels: [255]).writePNG(to: URL(fileURLWithPath: mask))
      let all = try train(product, data: product.root, ["--ignore-mask", mask, "-o", "\(folder.path)/m"])
      #expect(all.status == 1 && all.errors.hasSuffix("flawless: The ignore mask leaves no patch to inspect.\n"))
      let none = try train(
        product, data: product.root, ["--region", "\(folder.path)/no.png", "-o", "\(folder.path)/m"])
      #expect(none.status == 1 && none.errors.contains("\(folder.path)/no.png cannot be read"))
      #expect(try train(product, data: product.root, ["--region", mask, "--ignore-mask", mask, "-o", "m"]).status == 2)
    }
  }
}
