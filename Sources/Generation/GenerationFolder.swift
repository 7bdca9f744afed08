import Detectors
import Checkpoints
import Foundation
public import Generator
import Images
import Integrator
public import Metrics

/// The folder of results: `manifest.json`, accepted and rejected pictures, a contact sheet and a page.
struct GenerationFolder {
  static let accepted = "pictures"
  static let rejected = "rejected"
  static let sheet = "contact-sheet.png"

  private let manifest: GenerationManifest
  private let store: CandidateStore

  init(_ manifest: GenerationManifest, _ store: CandidateStore) {
    (self.manifest, self.store) = (manifest, store)
  }

  /// Whole or not at all; older results are replaced.
  func write(to path: String) throws {
    let (sheet, page, json) = (try contactSheet().pngData(), try page().html(), try manifest.json())
    try AtomicWriting.writeFolder(at: URL(fileURLWithPath: path)) { folder in
      for name in [Self.accepted, Self.rejected] {
        try FileManager.default.createDirectory(
          at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      }
      for picture in manifest.pictures {
        let source = store.folder.appendingPathComponent((picture.file as NSString).lastPathComponent)
        // A link needs no space; other file systems get a copy.
        let target = folder.appendingPathComponent(picture.file)
        do { try FileManager.default.linkItem(at: source, to: target) } catch {
          try FileManager.default.copyItem(at: source, to: target)
        }
      }
      try sheet.write(to: folder.appendingPathComponent(Self.sheet))
      try Data(page.utf8).write(to: folder.appendingPathComponent(GenerationManifest.page))
      try json.write(to: folder.appendingPathComponent(GenerationManifest.file))
    }
  }

  // MARK: Contact sheet

  private static let columns = 8
  private static let side = 160
  private static let most = 6 * columns

  /// Real pictures first, framed in black; then accepted ones, the best first.
  private func contactSheet() throws -> Image {
    let real = try manifest.shots.prefix(Self.columns).map { try Image(path: $0.path) }
    let generated = try manifest.accepted.prefix(Self.most - real.count).map(image)
    let tiles = real.map { Self.tile($0, isReal: true) } + generated.map { Self.tile($0, isReal: false) }
    return try Image.sheet(tiles, columns: min(Self.columns, tiles.count), margin: 4)
  }

  private static func tile(_ image: Image, isReal: Bool) -> Image {
    let small = image.rgb.resized(width: side, height: side, filter: .lanczos)
    guard isReal else { return small }
    let frame = Mask(
      width: side, height: side,
      values: (0..<(side * side)).map { place in
        let (x, y) = (place % side, place / side)
        return min(x, y, side - 1 - x, side - 1 - y) < 4 ? 1 : 0
      })
    return small.painted(frame, red: 0, green: 0, blue: 0)
  }

  private func image(_ picture: GenerationManifest.Picture) throws -> Image {
    try Image(path: store.folder.appendingPathComponent((picture.file as NSString).lastPathComponent).path)
  }

  // MARK: Page

  private static let shown = 64
  private static let longestSide = 256

  private func page() throws -> GenerationPage {
    let accepted = manifest.accepted.prefix(Self.shown)
    let families = try manifest.shots.map { shot in
      GenerationPage.Family(
        shot: .init(
          caption: URL(fileURLWithPath: shot.path).lastPathComponent, data: try Self.thumbnail(Image(path: shot.path))),
        accepted: try accepted.filter { $0.parents == [shot.sha256] }.map(tile))
    }.filter { !$0.accepted.isEmpty || manifest.shots.count <= Self.columns }
    let rejected = manifest.pictures.filter { !$0.accepted }
    return GenerationPage(
      title: "Generated pictures of \(manifest.keyword ?? "a product")", facts: facts(rejected.count),
      figures: figures, families: families, rejected: try rejected.prefix(Self.shown).map(tile))
  }

  private func facts(_ rejected: Int) -> [(name: String, value: String)] {
    let accepted = manifest.pictures.count - rejected
    var facts = [("accepted", "\(accepted) of \(manifest.pictures.count) candidates")]
    if let prompt = manifest.prompt { facts.append(("prompt", prompt)) }
    if let encoder = manifest.encoder { facts.append(("compared by", encoder)) }
    facts += [
      ("mode", manifest.settings.sampling.mode.rawValue), ("temperature", String(format: "%.3g", manifest.temperature)),
      ("detail", manifest.settings.detail.rawValue),
    ]
    if let calibration = manifest.calibration {
      facts.append(("variance at that temperature", String(format: "%.2f of the originals'", calibration.ratio)))
    }
    if !manifest.isComplete { facts.append(("ended", "by its budget of time")) }
    return facts + [("device", manifest.device), ("version", manifest.programVersion)]
  }

  private var figures: [GenerationPage.Figure] {
    (manifest.quality?.entries ?? []).map { entry in
      GenerationPage.Figure(
        name: entry.title, value: entry.value.value.map { String(format: "%.4g", $0) } ?? "n/a",
        meaning: entry.value.reason ?? GenerationQuality.Measure(rawValue: entry.name)?.meaning ?? "")
    }
  }

  private func tile(_ picture: GenerationManifest.Picture) throws -> GenerationPage.Tile {
    let candidate = picture.candidate
    var words = candidate.rank.map { "no. \($0)" } ?? "rejected: \(candidate.reason?.words ?? "")"
    if manifest.encoder != nil {
      words += String(format: ", text %.4f, pictures %.4f", candidate.textSimilarity, candidate.pictureSimilarity)
    }
    return GenerationPage.Tile(caption: words, data: try Self.thumbnail(image(picture)))
  }

  private static func thumbnail(_ image: Image) throws -> Data {
    let shrink = min(Double(longestSide) / Double(max(image.width, image.height)), 1)
    return try image.rgb.resized(
      width: Int(Double(image.width) * shrink), height: Int(Double(image.height) * shrink), filter: .lanczos
    ).jpegData(quality: 80)
  }
}

extension CandidateSelection.Reason {
  /// For people.
  var words: String {
    switch self {
    case .text: "fits the prompt less than the real pictures"
    case .pictureGuard: "less like the real pictures than these are among themselves"
    case .duplicate: "nearly the same as an accepted one, or of the same copy"
    case .rank: "others are better"
    }
  }
}

extension GenerationQuality {
  /// What matters most, for a few lines.
  public var shown: [(title: String, value: MetricValue)] {
    [.coverage, .generatedShare, .coverageBeyondCopies, .distanceFactor, .varianceRatio, .nearestRealMedian].map {
      (measure: Measure) in (measure.title, self[measure])
    }
  }
}

extension GenerationQuality.Measure {
  /// How to read it.
  var meaning: String {
    switch self {
    case .coverage: "of held-out normal patches the part nearest to a generated one; 0 changes nothing"
    case .generatedShare: "what coverage would be if generated rows were as good as real ones"
    case .coverageBeyondCopies: "the part that is nearer to a generated row than to any shot or copy"
    case .distanceFactor: "how far those patches are from the bank, of the distance without generated rows"
    case .varianceRatio, .channelVarianceRatio: "near 1 they vary as the originals do"
    case .nearestRealMinimum, .nearestRealMedian: "of the distance between real ones; near 0 they repeat a shot"
    case .separability: "how often the selection puts a normal picture above a spoilt one; below 0.6 it is blind"
    case .ranking: "near 1 the selection's order is that of another measure of normality"
    }
  }
}
