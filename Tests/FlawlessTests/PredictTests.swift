import Foundation
import Images
import TestSupport
import Testing

@Suite("flawless predict")
struct PredictTests {
  private func arguments(_ product: SmallProduct, _ pictures: [String], _ output: String) -> [String] {
    ["predict", product.model] + pictures + ["-o", output, "--weights", product.weights, "--device", "cpu"]
  }

  /// A good and a defective picture, and one that is cut off.
  private func writePictures(to folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try SmallPictures.picture(seed: 90, defective: false).writePNG(to: folder.appendingPathComponent("fine.png"))
    try SmallPictures.picture(seed: 91, defective: true).writePNG(to: folder.appendingPathComponent("hole.png"))
    let whole = try SmallPictures.picture(seed: 92, defective: false).pngData()
    try whole.prefix(whole.count / 2).write(to: folder.appendingPathComponent("cut.png"))
  }

  @Test func oneBadPictureAmongManyIsNamedAndTheOthersAreDone() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let pictures = folder.appendingPathComponent("camera")
      try writePictures(to: pictures)
      // Results in the folder of the pictures: they must not be taken for pictures at the second run.
      let output = "\(pictures.path)/results"
      let (csv, json) = ("\(folder.path)/verdicts.csv", "\(folder.path)/verdicts.json")
      for _ in 0..<2 {
        let outcome = try ProgramRun(
          "flawless", arguments(product, [pictures.path], output) + ["--csv", csv, "--json", json]
        ).wait()
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("The picture \(pictures.path)/cut.png cannot be read: "))
        #expect(
          outcome.errors.contains(#/\nthreshold [0-9.]+ \(in the map [0-9.]+\) from 4 normal training pictures, /#))
        #expect(outcome.errors.hasSuffix("flawless: 1 of 3 pictures could not be read; the others are done.\n"))
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.first?.hasPrefix("good ") == true && lines.first?.hasSuffix("camera/fine.png") == true)
        #expect(lines.last == "1 of 2 defective; overlays and maps: \(output)")
        try checkFiles(csv, json, output)
      }
    }
  }

  private func checkFiles(_ csv: String, _ json: String, _ output: String) throws {
    let rows = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let columns = ["path", "score", "score_reweighted", "threshold", "verdict", "region_pixels", "overlay", "map"]
    #expect(rows.map { $0.map(String.init) }.first == columns)
    #expect(rows.dropFirst().map { $0[4] } == ["good", "defective"])
    #expect(rows.dropFirst().allSatisfy { $0.count == 8 && $0[5].isEmpty })
    let data = try #require(FileManager.default.contents(atPath: json))
    let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(
      object.keys.sorted() == [
        "device", "failed", "low_confidence", "minimum_area", "model", "pictures", "threshold", "threshold_origin",
        "threshold_pixel",
      ])
    #expect((object["failed"] as? [[String: String]])?.count == 1)
    let pictures = try #require(object["pictures"] as? [[String: Any]])
    #expect(pictures.compactMap { $0["defective"] as? Bool } == [false, true])
    // Every row has the run's threshold.
    #expect(
      pictures.compactMap { $0["threshold"] as? Double }
        == [Double](repeating: object["threshold"] as? Double ?? .nan, count: 2))
    #expect(
      rows.dropFirst().compactMap { Float($0[3]) }
        == pictures.compactMap { ($0["threshold"] as? Double).map { Float($0) } })
    let names = ["fine_map.png", "fine_overlay.png", "hole_map.png", "hole_overlay.png"]
    #expect(try FileManager.default.contentsOfDirectory(atPath: output).sorted() == names)
    let overlay = try Image(path: "\(output)/hole_overlay.png")
    #expect(overlay.width == SmallPictures.width && overlay.height == SmallPictures.height && overlay.channels == 3)
    // Byte 24 of a PNG file is its bit depth.
    #expect(FileManager.default.contents(atPath: "\(output)/hole_map.png")?[24] == 16)
    // Eight bits of the sixteen are enough to see where: above the threshold in the hole, and less strange far away.
    let map = try Image(path: "\(output)/hole_map.png")
    let (inside, outside) = (map.pixels[18 * SmallPictures.width + 38], map.pixels[40 * SmallPictures.width + 4])
    #expect(inside >= 128)
    #expect(outside < inside)
  }

  @Test func nothingToInspectIsNamed() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let empty = try ProgramRun("flawless", arguments(product, [folder.path], "\(folder.path)/out")).wait()
      #expect(empty.status == 1)
      #expect(empty.errors == "flawless: There is no PNG, JPEG, BMP, TIFF, WebP or PGM picture in \(folder.path).\n")
      let missing = try ProgramRun("flawless", arguments(product, ["\(folder.path)/*.png"], "\(folder.path)/out"))
        .wait()
      #expect(missing.status == 1)
      #expect(missing.errors.hasPrefix("flawless: Nothing matches '\(folder.path)/*.png'"))
    }
  }

  @Test func aBarIsShownOnATerminal() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      var (ours, theirs): (Int32, Int32) = (0, 0)
      var size = winsize(ws_row: 24, ws_col: 70, ws_xpixel: 0, ws_ypixel: 0)
      #expect(openpty(&ours, &theirs, nil, nil, &size) == 0)
      let picture = "\(product.root)/\(SmallPictures.category)/test/good/000.png"
      let run = try ProgramRun("flawless", arguments(product, [picture], folder.path), errors: .descriptor(theirs))
      let outcome = run.wait()
      close(theirs)
      #expect(outcome.status == 0)
      var bytes = [UInt8](repeating: 0, count: 65_536)
      let count = read(ours, &bytes, bytes.count)
      close(ours)
      let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
      #expect(text.contains("pictures  ████"), "\(text)")
      #expect(text.contains("1/1"))
    }
  }

  @Test func watchingSeesNewPicturesOnceTheyAreWhole() throws {
    let product = try SmallProduct.shared.get()
    try withTemporaryFolder { folder in
      let camera = folder.appendingPathComponent("camera")
      try FileManager.default.createDirectory(at: camera, withIntermediateDirectories: true)
      let (output, csv) = ("\(folder.path)/results", "\(folder.path)/today.csv")
      let log = "\(folder.path)/log.jsonl"
      let run = try ProgramRun(
        "flawless",
        arguments(product, [camera.path], output) + ["--watch", "--csv", csv, "--report-every", "1", "--log", log])
      #expect(eventually { run.errorsSoFar.contains("watching \(camera.path)") })
      // Half of a picture, the rest a second later: neither named as bad nor done twice.
      let slow = camera.appendingPathComponent("slow.png")
      let whole = try SmallPictures.picture(seed: 93, defective: true).pngData()
      try whole.prefix(whole.count / 2).write(to: slow)
      usleep(1_300_000)
      let handle = try FileHandle(forWritingTo: slow)
      try handle.seekToEnd()
      try handle.write(contentsOf: whole.dropFirst(whole.count / 2))
      try handle.close()
      func rows() -> [Substring] {
        ((try? String(contentsOfFile: csv, encoding: .utf8)) ?? "").split(separator: "\n").dropFirst().map { $0 }
      }
      #expect(eventually { rows().count == 1 })
      try SmallPictures.picture(seed: 94, defective: false).writePNG(to: camera.appendingPathComponent("next.png"))
      #expect(eventually { rows().count == 2 })
      run.signal(SIGINT)
      let outcome = run.wait()
      #expect(outcome.status == 130)
      #expect(outcome.errors.hasSuffix("flawless: Watching ended after 2 pictures.\n"), "\(outcome.errors)")
      #expect(outcome.errors.contains("latency of 1 new pictures: p50 "))
      #expect(outcome.errors.contains("latency of 2 new pictures: p50 "))
      #expect(!outcome.errors.contains("cannot be read"))
      #expect(rows().map { $0.contains(",defective,") } == [true, false])
      #expect(outcome.output.split(separator: "\n").count == 2)
      #expect(FileManager.default.fileExists(atPath: "\(output)/slow_overlay.png"))
      let figures = try jsonLines(log).filter { $0["event"] as? String == "latency" }
      // After each picture and at the end.
      #expect(figures.map { $0["count"] as? Int } == [1, 2, 2])
      for figure in figures {
        let (p50, p99) = (figure["p50_seconds"] as? Double ?? .nan, figure["p99_seconds"] as? Double ?? .nan)
        // The second half came 1.3 s after the first, which does not count. A picture is seen twice, 0.1 s apart.
        #expect(p50 > 0.09 && p50 <= p99 && p99 <= figure["largest_seconds"] as? Double ?? .nan)
      }
    }
  }
}
