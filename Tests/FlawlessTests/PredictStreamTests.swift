import Foundation
import Images
import TestSupport
import Testing

/// The objects of a file of JSON lines.
func jsonLines(_ path: String) throws -> [[String: Any]] {
  try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
    try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
  }
}

@Suite("flawless predict: what it writes, and what it remembers")
struct PredictStreamTests {
  private func arguments(_ product: SmallProduct, _ pictures: String, _ extra: [String]) -> [String] {
    ["predict", product.model, pictures, "--weights", product.weights, "--device", "cpu"] + extra
  }

  private func predict(_ product: SmallProduct, _ pictures: String, _ extra: [String]) throws -> ProgramRun.Outcome {
    try ProgramRun("flawless", arguments(product, pictures, extra)).wait()
  }

  private func write(_ count: Int, to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for index in 0..<count {
      try SmallPictures.picture(seed: 200 + index, defective: index % 2 == 1)
        .writePNG(to: folder.appendingPathComponent("p\(index).png"))
    }
  }

  /// TIFF and NPY hold the same floats, and the 16-bit PNG what follows from them.
  @Test func mapsComeInThreeFormats() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("in")
      try write(2, to: pictures)
      var maps: [String: Data] = [:]
      var object: [String: Any] = [:]
      for (format, ending) in [("tiff", "tiff"), ("npy", "npy"), ("png16", "png")] {
        let outcome = try predict(
          product, pictures.path, ["-o", "\(folder.path)/\(format)", "--maps", format, "--no-overlays", "--json", "-"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        object = try outcome.json()
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(format)").sorted()
        #expect(names == ["p0_map.\(ending)", "p1_map.\(ending)"])
        let rows = try #require(object["pictures"] as? [[String: Any]])
        #expect(rows.map { $0["map"] as? String } == names.map { "\(folder.path)/\(format)/\($0)" })
        #expect(rows.allSatisfy { $0["overlay"] == nil })
        maps[format] = FileManager.default.contents(atPath: "\(folder.path)/\(format)/p1_map.\(ending)")
      }
      let bytes = SmallPictures.width * SmallPictures.height * 4
      let (tiff, npy) = (try #require(maps["tiff"]).suffix(bytes), try #require(maps["npy"]).suffix(bytes))
      #expect(tiff == npy)
      let values = npy.withUnsafeBytes { bytes in
        (0..<(bytes.count / 4)).map { Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
      }
      let pixel = Float(try #require(object["threshold_pixel"] as? Double))
      let png = try Image(path: "\(folder.path)/png16/p1_map.png")
      #expect(png.pixels.count == values.count && values.contains { $0 > pixel })
      for (sample, value) in zip(png.pixels, values) {
        #expect(Int(sample) == Int(min(max(value / pixel * 32768, 0), 65535)) >> 8)
      }
    }
  }

  @Test func jsonLinesNameEveryPictureAlsoBrokenOnes() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("in")
      try write(2, to: pictures)
      try Data("no picture".utf8).write(to: pictures.appendingPathComponent("p00.png"))
      let file = "\(folder.path)/rows.jsonl"
      for _ in 0..<2 {
        let outcome = try predict(product, pictures.path, ["--maps", "none", "--no-overlays", "--jsonl", file])
        #expect(outcome.status == 1)
        let rows = try jsonLines(file)
        // The second run starts anew.
        #expect(rows.map { ($0["path"] as? String)?.suffix(7) } == ["/p0.png", "p00.png", "/p1.png"])
        #expect(rows.map { $0["defective"] as? Bool } == [false, nil, true])
        #expect((rows[1]["error"] as? String)?.hasPrefix("The picture \(pictures.path)/p00.png cannot be read") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["in", "rows.jsonl"])
      }
    }
  }

  @Test func aKilledRunLeavesItsRowsAndIsResumed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("in")
      try write(40, to: pictures)
      let (csv, output) = ("\(folder.path)/rows.csv", "\(folder.path)/out")
      func rows() -> [Substring] {
        ((try? String(contentsOfFile: csv, encoding: .utf8)) ?? "").split(separator: "\n").dropFirst().map { $0 }
      }
      let run = try ProgramRun("flawless", arguments(product, pictures.path, ["-o", output, "--csv", csv]))
      #expect(eventually { rows().count >= 3 })
      run.signal(SIGKILL)
      #expect(run.wait().status == -SIGKILL)
      let before = rows()
      try #require(before.count < 40)
      // A row that was cut off does not run into the next one.
      let handle = try #require(FileHandle(forWritingAtPath: csv))
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("cut".utf8))
      try handle.close()
      let outcome = try predict(product, pictures.path, ["-o", output, "--csv", csv, "--resume"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.errors.contains("pictures are done already"))
      let after = rows()
      #expect(Array(after.prefix(before.count)) == before && after[before.count] == "cut")
      // Between a picture's files and its row lies the one moment in which a kill loses a row.
      #expect((40...41).contains(after.count))
      // A picture that changed is done again, and nothing else.
      try SmallPictures.picture(seed: 7, defective: true).writePNG(to: pictures.appendingPathComponent("p0.png"))
      #expect(try predict(product, pictures.path, ["-o", output, "--csv", csv, "--resume"]).status == 0)
      #expect(rows().dropFirst(after.count).map { $0.contains("/p0.png") } == [true])
    }
  }

  @Test func rowsAreNotAddedToOtherTables() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let (csv, notes) = ("\(folder.path)/notes.csv", Data("name,price\nscrew,2\n".utf8))
      try notes.write(to: URL(fileURLWithPath: csv))
      let pictures = folder.appendingPathComponent("in")
      try write(1, to: pictures)
      let outcome = try predict(product, pictures.path, ["-o", "\(folder.path)/out", "--csv", csv, "--resume"])
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.hasSuffix("notes.csv is there already with other columns; name another file, or move it away.\n")
      )
      #expect(FileManager.default.contents(atPath: csv) == notes)
    }
  }

  /// A least area makes a defective picture good, and the score stays.
  @Test func thresholdAndAreaCanBeOverridden() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("in")
      try write(2, to: pictures)
      func rows(_ extra: [String]) throws -> [[String: Any]] {
        let outcome = try predict(
          product, pictures.path, ["--maps", "none", "--no-overlays", "--quiet", "--jsonl", "-"] + extra)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.output.split(separator: "\n").map {
          try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
      }
      let plain = try rows([])
      #expect(plain.map { $0["defective"] as? Bool } == [false, true])
      // A random network sees a hole everywhere: only a higher threshold makes its region small.
      var (pixel, region) = (2.0, Int.max)
      while region > 1500, pixel < 100 {
        pixel *= 1.1
        region = try #require(
          try rows(["--minimum-area", "1", "--pixel-threshold", "\(pixel)"])[1]["region_pixels"] as? Int)
      }
      try #require((2...1500).contains(region))
      for (area, defective) in [(region, true), (region + 1, false)] {
        let found = try rows(["--minimum-area", "\(area)", "--pixel-threshold", "\(pixel)"])
        #expect(found.map { $0["defective"] as? Bool } == [false, defective])
        #expect(found.map { $0["score"] as? Double } == plain.map { $0["score"] as? Double })
      }
      #expect(
        try rows(["--minimum-area", "99%", "--pixel-threshold", "\(pixel)"]).map { $0["defective"] as? Bool }
          == [false, false])
      #expect(try rows(["--threshold", "0"]).map { $0["defective"] as? Bool } == [true, true])
      #expect(try rows(["--threshold", "0"]).map { $0["threshold"] as? Double } == [0, 0])
    }
  }

  @Test func watchingGoesOnWhereItWas() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("in")
      try write(2, to: pictures)
      let (rows, output) = ("\(folder.path)/rows.jsonl", "\(folder.path)/out")
      for (count, name) in [(2, "p2.png"), (3, "p3.png")] {
        let run = try ProgramRun(
          "flawless", arguments(product, pictures.path, ["-o", output, "--watch", "--resume", "--jsonl", rows]))
        #expect(eventually { run.errorsSoFar.contains("watching") && (try? jsonLines(rows).count) == count })
        try SmallPictures.picture(seed: 3, defective: false).writePNG(to: pictures.appendingPathComponent(name))
        #expect(eventually { (try? jsonLines(rows).count) == count + 1 })
        run.signal(SIGTERM)
        let outcome = run.wait()
        #expect(outcome.status == 130)
        // Those that were there at the start have no latency.
        #expect(outcome.errors.contains("latency of 1 new pictures: "), "\(outcome.errors)")
      }
      let names = try jsonLines(rows).map { ($0["path"] as? String)?.suffix(6) }
      #expect(names == ["p0.png", "p1.png", "p2.png", "p3.png"])
    }
  }

  @Test(arguments: [
    (["--maps", "tiff"], "-o names the folder of overlays and maps"),
    (["-o", "x", "--resume", "--maps", "none", "--no-overlays"], "--resume looks for overlays or maps"),
    (["-o", "x", "--resume", "--json", "y"], "--json cannot be used with --resume"),
    (["-o", "x", "--watch", "--json", "y"], "--json cannot be used with --watch"),
    (["-o", "x", "--csv", "-", "--jsonl", "-"], "Only one of --csv, --jsonl and --json can be '-'"),
    (["-o", "x", "--minimum-area", "0"], "--minimum-area"), (["-o", "x", "--maps", "gif"], "--maps"),
    (["-o", "x", "--pixel-threshold", "0"], "--pixel-threshold must be above 0"),
    (["-o", "x", "--report-every", "0"], "--report-every must be at least 1"),
  ])
  func wrongUse(_ options: [String], _ text: String) throws {
    let outcome = try ProgramRun("flawless", ["predict", "m", "p"] + options).wait()
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
  }
}
